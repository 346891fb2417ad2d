"""Disclosure control (披露控制): which figures of a release are left out so that no small one can be worked out.

A figure from 1 to 7 is not shown (zero is shown: it is a figure of nobody). That is not enough: totals, other
categories, divisions above and below, and other indicators allow it to be worked out by subtraction. All of them are
one system of sums here: a division is the sum of those below it, a category of those below it, whatever `sums_to` or
is `part_of` another indicator included; what is left of an indicator beside a part of it is a cell like any other.

So for every figure left out a *move* is found: another set of figures that agrees with everything shown and with every
sum, in which this figure is larger by `WIDTH`. What a move touches is left out too. A move is the proof that the
figure cannot be worked out, and `unproved` checks the proofs against the sums alone, without knowing how they were
found. What is shown is rounded to `ROUNDING`, every figure by itself, so that one person more or less mostly shows
nowhere; a move changes nothing that is shown, so it holds for what is rounded as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from jiceng_pipeline.exchange.indicators import TOTAL, Indicator, Node

THRESHOLD: Final = 8
WIDTH: Final = 8
ROUNDING: Final = 5
REST: Final = "\x00rest"  # the category of what is left beside a part

Cell = tuple[int, str]  # a node by its number, and a division


@dataclass
class System:
    """All figures of a release and how they add up. `values` lacks what is zero; `implicit` nodes are never shown."""

    nodes: dict[Node, int] = field(default_factory=dict)
    splits: dict[int, list[tuple[int, ...]]] = field(default_factory=dict)
    siblings: dict[int, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    implicit: set[int] = field(default_factory=set)
    parents: dict[str, str | None] = field(default_factory=dict)
    below: dict[str, list[str]] = field(default_factory=dict)
    values: dict[Cell, int] = field(default_factory=dict)

    def number(self, known: Mapping[str, Indicator], node: Node) -> int:
        """Return the number of a node; an indicator that divides a node is, as a whole, that node."""
        indicator = known[node.indicator] if node.category == TOTAL else None
        if indicator is not None and indicator.sums_to is not None:
            return self.number(known, indicator.sums_to)
        return self.nodes.setdefault(node, len(self.nodes))

    def value(self, cell: Cell) -> int:
        """Return a figure."""
        return self.values.get(cell, 0)

    def sums(self) -> Iterator[tuple[Cell, list[Cell]]]:
        """Yield every sum there is: a cell, and those that add up to it."""
        for division, children in self.below.items():
            for node in self.nodes.values():
                yield (node, division), [(node, child) for child in children]
        for division in self.parents:
            for node, splits in self.splits.items():
                for split in splits:
                    yield (node, division), [(each, division) for each in split]


def system(
    known: Mapping[str, Indicator], rows: Sequence[tuple[str, str, str, int]], parents: Mapping[str, str | None]
) -> System:
    """Return the system of `rows` (indicator, category, division, value) of `indicators.value`, ratios left out."""
    made = System(parents=dict(parents))
    for division, parent in parents.items():
        if parent is not None:
            made.below.setdefault(parent, []).append(division)
    categories: dict[str, set[str]] = {}
    for indicator, category, division, value in rows:
        made.values[made.number(known, Node(indicator, category)), division] = value
        categories.setdefault(indicator, set()).add(category)
    for indicator, found in sorted(categories.items()):
        for category in sorted(found | {TOTAL}):
            children = [each for each in sorted(found - {TOTAL}) if each.rpartition("/")[0] == category]
            if children:
                _divide(made, known, Node(indicator, category), [Node(indicator, each) for each in children])
        if (whole := known[indicator].part_of) is not None:
            rest = made.number(known, Node(indicator, REST))
            made.implicit.add(rest)
            _divide(made, known, whole, [Node(indicator), Node(indicator, REST)])
            for division in parents:
                left = made.value((made.number(known, whole), division))
                if left := left - made.value((made.number(known, Node(indicator)), division)):
                    made.values[rest, division] = left
    return made


def _divide(made: System, known: Mapping[str, Indicator], whole: Node, parts: Sequence[Node]) -> None:
    parent, split = made.number(known, whole), tuple(made.number(known, part) for part in parts)
    made.splits.setdefault(parent, []).append(split)
    for part in split:
        made.siblings[part] = (parent, tuple(each for each in split if each != part))


@dataclass(frozen=True)
class Move:
    """Changes, cell → by how much, after which everything shown and every sum is as before."""

    changes: Mapping[Cell, int]


@dataclass(frozen=True)
class Pattern:
    """What is left out, small figures and what protects them, with the proof for each."""

    suppressed: frozenset[Cell]
    small: frozenset[Cell]
    proofs: Mapping[Cell, Move]


def unproved(made: System, pattern: Pattern) -> list[Cell]:
    """Return the cells whose proof does not hold: what is left out, and small rests that nobody is shown."""
    touching: dict[Cell, list[tuple[Cell, list[Cell]]]] = {}
    for whole, parts in made.sums():
        for cell in (whole, *parts):
            touching.setdefault(cell, []).append((whole, parts))
    checked: dict[int, bool] = {}
    wanting = []
    small_rests = {c for c, v in made.values.items() if c[0] in made.implicit and 0 < v < THRESHOLD}
    for cell in pattern.suppressed | small_rests:
        move = pattern.proofs.get(cell)
        if move is None or not move.changes.get(cell):
            wanting.append(cell)
            continue
        if id(move) not in checked:
            checked[id(move)] = _holds(made, pattern.suppressed, move, touching)
        if not checked[id(move)]:
            wanting.append(cell)
    return sorted(wanting)


def _holds(
    made: System,
    suppressed: frozenset[Cell],
    move: Move,
    touching: Mapping[Cell, list[tuple[Cell, list[Cell]]]],
) -> bool:
    """Say whether a move changes only what is not shown, keeps every sum, and leaves no figure below what it may be."""
    for cell, change in move.changes.items():
        hidden = cell in suppressed or cell[0] in made.implicit
        least = 0 if cell[0] in made.implicit else 1
        if not hidden or made.value(cell) + change < least:
            return False
        for whole, parts in touching[cell]:
            if move.changes.get(whole, 0) != sum(move.changes.get(part, 0) for part in parts):
                return False
    return True


def rounded(value: int) -> int:
    """Return what is shown of a figure."""
    return ROUNDING * ((value + ROUNDING // 2) // ROUNDING)
