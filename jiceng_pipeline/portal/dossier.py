"""一人一档 (a dossier): one entity as its community may see it, each cell with its source and who says otherwise.

The cells are those of the returned register; whatever is read here goes through the masks of an Access.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

import duckdb

from jiceng_pipeline.departments.contract import contracts, systems
from jiceng_pipeline.matching import survivorship
from jiceng_pipeline.returns import masks
from jiceng_pipeline.returns.access import Access
from jiceng_pipeline.returns.cut import Cut
from jiceng_pipeline.returns.wording import in_words
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element
from jiceng_pipeline.warehouse.connection import identifier

REGISTERS = {
    "resident": "resident_register", "household": "household_register", "enterprise": "enterprise_register",
}  # fmt: skip
_OWN = {"community_code", "community_name", "resident_id", "household_id", "enterprise_id", "head_resident_id"}
_SOURCES_SHOWN_ELSEWHERE = {"system_count", "source_systems", "source_date"}


@dataclass(frozen=True)
class Word:
    """What one system says of a cell."""

    system: str
    title: str
    value: str
    day: date | None
    record_id: str
    is_winner: bool


@dataclass(frozen=True)
class Cell:
    """One line of the dossier. `words` are those of the systems that hold it, the one whose word stands first."""

    element: Element
    value: str | None
    mark: str
    is_hidden: bool
    words: Sequence[Word] = field(default=())

    @property
    def source(self) -> Word | None:
        """Return whose word stands."""
        return next((word for word in self.words if word.is_winner), None)

    @property
    def others(self) -> Sequence[Word]:
        """Return those who say something else, as far as the masks let it be seen."""
        return [word for word in self.words if word.value != self.value]

    @property
    def seen(self) -> str:
        """Return what names this value of this source, so that one who speaks of it later speaks of no other."""
        source = self.source.record_id if self.source else ""
        return sha256(f"{source}\x1f{self.value}".encode()).hexdigest()[:32]

    @property
    def asked(self) -> Sequence[str]:
        """Return the departments' systems that can be asked about it: those that say something; communities are not."""
        return tuple(dict.fromkeys(word.system for word in self.words if word.system in contracts()))


@dataclass(frozen=True)
class Dossier:
    """One entity. `community_code` is where it is placed, `record_id` one of its records."""

    entity: str
    key: str
    name: str
    community_code: str
    household: str | None
    tags: Sequence[str]
    cells: Sequence[Cell]

    def cell(self, element_id: str) -> Cell | None:
        """Return the cell of an element."""
        return next((cell for cell in self.cells if cell.element.id == element_id), None)


def read(cut: Cut, entity: str, key: str, name_column: str) -> Dossier | None:
    """Return the dossier of an entity of the cut's scope, None where there is none."""
    own = identifier(f"{entity}_id")
    wording = {
        each.id: in_words(each, cut.access.maskings[each.id].sql(identifier(each.id)), {})
        for each in cut.elements
        if each.id not in _SOURCES_SHOWN_ELSEWHERE
    }
    shown = ", ".join(f"cast({sql} as varchar)" for sql in wording.values())
    rows = cut.connection.execute(
        f"select {shown} from {cut.dataset.table} where {own} = ? and {cut.access.where()}", [key]
    ).fetchall()
    if not rows:
        return None
    row = dict(zip(wording, rows[0], strict=True))
    said = _words(cut.connection, cut.access, entity, key, cut.elements)
    marks = _marks(cut, entity, key)
    cells = [
        Cell(each, row[each.id], marks.get(each.id, ""), cut.is_empty(each), said.get(each.id, ()))
        for each in cut.elements
        if each.id not in _OWN | _SOURCES_SHOWN_ELSEWHERE | {"tags"}
    ]
    tags = [tag for tag in (row.get("tags") or "").split("、") if tag]
    place = row.get("community_code") or cut.place.code  # a grant need not have it
    return Dossier(entity, key, row.get(name_column) or "", place, row.get("household_id"), tags, cells)


def members(cut: Cut, household: str) -> Sequence[tuple[str, str, str]]:
    """Return (resident_id, name, relation) of the people of a household, as the cut of the residents shows them."""
    name, relation = (
        in_words(each, cut.access.maskings[each.id].sql(identifier(each.id)), {})
        for each in cut.elements
        if each.id in {"name", "family_relation_code"}
    )
    return cut.connection.execute(
        f"""select resident_id, coalesce({name}, ''), coalesce({relation}, '') from {cut.dataset.table}
        where household_id = ? and {cut.access.where()} order by family_relation_code, birth_date, resident_id""",
        [household],
    ).fetchall()


def _words(
    connection: duckdb.DuckDBPyConnection, access: Access, entity: str, key: str, elements: Sequence[Element]
) -> dict[str, Sequence[Word]]:
    """Return element → what the systems say; nothing of what the masks hide.

    Whoever is known to a system that only lists who draws an allowance draws it, so unless all may be seen such
    systems are not named, also where their word stands.
    """
    if entity not in {"resident", "enterprise"}:
        return {}
    unnamed = frozenset() if access.profile == "full" else masks.telling_systems()
    matched = {each.id for each in survivorship.elements(entity)}
    asked = [each for each in elements if each.id in matched and access.maskings[each.id] is not masks.HIDDEN]
    cells = ", ".join(
        f"cast({in_words(each, access.maskings[each.id].sql('c.' + identifier(each.id)), {})} as varchar), "
        f"c.record_id = w.{identifier(each.id)}"
        for each in asked
    )
    rows = connection.execute(
        f"""select c.system, c.record_id, c.record_date, {cells} from matching.{entity}_candidate as c
        join matching.{entity}_winner as w on w.entity_id = c.entity_id
        where c.entity_id = {literal(key)} order by c.record_date desc nulls last, c.system, c.record_id"""
    ).fetchall()
    found: dict[str, Sequence[Word]] = {}
    titles = {name: contract.title for name, contract in systems().items()}
    for number, each in enumerate(asked):
        at = 3 + 2 * number
        said = [
            Word(row[0], titles.get(row[0], row[0]), row[at], row[2], row[1],
                 bool(row[at + 1]))
            for row in rows
            if row[at] is not None and row[0] not in unnamed
        ]  # fmt: skip
        found[each.id] = sorted(said, key=lambda word: not word.is_winner)
    return found


def _marks(cut: Cut, entity: str, key: str) -> dict[str, str]:
    """Return element → what has to be said of the cell, of what is shown."""
    shown = {each.id for each in cut.elements if not cut.is_empty(each)}
    return {
        element: words for element, words in cut.marks_of([key]).get(key, {}).items() if element in shown and entity
    }
