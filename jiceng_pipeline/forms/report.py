"""What became of a form that came back: every cell has one fate, and whoever sent it is told of what was not taken."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Fate = Literal[
    "accepted", "verified", "unchanged", "empty", "rejected", "conflict", "locked", "outside"
]  # fmt: skip
FATES: Mapping[Fate, str] = {
    "accepted": "收下",
    "verified": "核实无误",
    "unchanged": "没有变化",
    "empty": "没有填",
    "rejected": "没有收，要改",
    "conflict": "没有收，期间已有新值",
    "locked": "没有收，这一格锁定",
    "outside": "没有收，不在表内",
}
_TOLD = {"rejected", "conflict", "locked", "outside"}


@dataclass(frozen=True)
class Cell:
    """One cell and its fate; `row` and `column` from 0; `words`: why and what to do, with no value of anybody else."""

    sheet: str
    row: int
    column: int
    title: str
    fate: Fate
    words: str = ""

    @property
    def name(self) -> str:
        """Return the cell as Excel calls it: F12."""
        return f"{letters(self.column)}{self.row + 1}" if self.column >= 0 else f"第 {self.row + 1} 行"


@dataclass(frozen=True)
class Report:
    """`receipt` is the number of the submission; `rows_missing` were handed out and did not come back.

    `notes` are about whole rows and sheets. `is_repeat`: this very file was read before.
    """

    form: str
    title: str
    community: str
    file: str
    receipt: str
    is_repeat: bool
    rows: int
    rows_new: int
    rows_missing: int
    cells: tuple[Cell, ...]
    notes: tuple[str, ...]
    systems: Mapping[str, int]

    @property
    def counts(self) -> Mapping[Fate, int]:
        """Return fate → how many cells; they add up to the cells that were looked at."""
        found = Counter(cell.fate for cell in self.cells)
        return {fate: found.get(fate, 0) for fate in FATES}

    @property
    def told(self) -> Sequence[Cell]:
        """Return the cells somebody has to look at."""
        return [cell for cell in self.cells if cell.fate in _TOLD]

    @property
    def lines(self) -> Sequence[str]:
        """Return what is said to the person who sent it, a line each."""
        said = [f"{cell.name} {cell.title}：{FATES[cell.fate]}。{cell.words}" for cell in self.told]
        return [*self.notes, *said]


def letters(place: int) -> str:
    """Return Excel's name of the column at `place`, counted from 0."""
    return (letters(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)
