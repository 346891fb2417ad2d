"""What a format is given to write: one division's rows of one dataset, masked, with where they come from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import duckdb

from jiceng_pipeline.core.clock import LOCAL
from jiceng_pipeline.departments.contract import Contract, collected, contracts, systems
from jiceng_pipeline.returns import changes, marks, masks
from jiceng_pipeline.returns.access import Access
from jiceng_pipeline.returns.communities import Place
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.returns.marks import Marks
from jiceng_pipeline.returns.wording import in_words
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element
from jiceng_pipeline.warehouse.connection import has_table, identifier
from jiceng_pipeline.warehouse.publish import Version

LICENCE = "仅供本社区为所写用途使用；不得转发、公开或另作他用；用完按规定删除"
DERIVED = "本库归并得出"


@dataclass(frozen=True)
class Delivery:
    """How a system's last pull went: the date of what is in force, and whether that is the last one asked for."""

    date: date | None
    is_stale: bool


@dataclass(frozen=True)
class Cut:
    """The package before it is a file. Rows come masked by `access`, columns in the dataset's order."""

    connection: duckdb.DuckDBPyConnection
    dataset: Dataset
    place: Place
    access: Access
    version: Version
    titles: Mapping[str, str]
    only_changes: bool = False

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """Return the elements of the columns: those that may be read and that this version has."""
        present = {name for name, *_ in self.connection.execute(f"describe {self.dataset.table}").fetchall()}
        may = self.access.maskings
        return tuple(each for column, each in self.dataset.elements.items() if column in present and column in may)

    @property
    def rows(self) -> int:
        """Return how many rows it has."""
        counted: int = self.connection.execute(
            f"select count(*) from {self.dataset.table} where {self.where}"
        ).fetchall()[0][0]
        return counted

    @property
    def where(self) -> str:
        """Return SQL that holds for its rows: all of the scope, or those that the version before had otherwise."""
        if not self.only_changes:
            return self.access.where()
        return f"""{self.access.where()} and {identifier(changes.key(self.dataset.name))} in (
            select entity_id from returned.{changes.NAME}
            where dataset = {literal(self.dataset.name)} and {self.access.where()}
                and {changes.told(self.access.profile)})"""

    def is_empty(self, element: Element) -> bool:
        """Say whether this profile shows nothing of an element."""
        return self.access.maskings[element.id] is masks.HIDDEN

    @cached_property
    def marks(self) -> Marks:
        """Return what has to be said of single cells: key of the row → column → words."""
        return marks.find(self.connection, self.dataset, self.access.where(), self._not_hidden)

    def marks_of(self, keys: Collection[str]) -> Marks:
        """Return the same of a few rows alone."""
        listed = ", ".join(map(literal, sorted(keys)))
        return marks.of(self.connection, self.dataset, listed, self._not_hidden) if keys else {}

    @property
    def _not_hidden(self) -> Collection[str]:
        return [each.id for each in self.elements if not self.is_empty(each)]

    def page(self, limit: int, offset: int) -> Sequence[int]:
        """Return the row numbers of so many rows, in order: what is not shown is not masked either."""
        rows = self.connection.execute(
            f"select rowid from {self.dataset.table} where {self.where} order by rowid limit {limit} offset {offset}"
        ).fetchall()
        return [number for (number,) in rows]

    def values(
        self, *, marked: bool = False, columns: Collection[str] | None = None, rows: Collection[int] | None = None
    ) -> str:
        """Return the select of the rows with codes as they are; `marked`: and a last column that tells their marks.

        `columns` and `rows` (by number): these alone.
        """
        return self._select({each.id: self._masked(each) for each in self._asked(columns)}, marked, rows)

    def words(
        self, *, marked: bool = False, columns: Collection[str] | None = None, rows: Collection[int] | None = None
    ) -> str:
        """Return the select of the rows with codes, systems and elements in words; the rest as in `values`."""
        shown = {each.id: in_words(each, self._masked(each), self.titles) for each in self._asked(columns)}
        return self._select(shown, marked, rows)

    def _asked(self, columns: Collection[str] | None) -> Sequence[Element]:
        return [each for each in self.elements if columns is None or each.id in columns]

    def _masked(self, element: Element) -> str:
        return self.access.maskings[element.id].sql(identifier(element.id))

    def _select(self, columns: Mapping[str, str], marked: bool, rows: Collection[int] | None) -> str:
        shown = ",\n".join(f"{sql} as {identifier(name)}" for name, sql in columns.items())
        said = f", {self._said()} as {marks.COLUMN}" if marked and self.can_be_marked else ""
        numbers = "" if rows is None else f" and rowid in ({', '.join(map(str, rows)) or 'null'})"
        return f"""select {shown}{said} from {self.dataset.table}
            where {self.where}{numbers} order by rowid"""

    @property
    def can_be_marked(self) -> bool:
        """Say whether the rows are of entities, so that something may be said of their cells."""
        return marks.key(self.dataset) is not None

    def _said(self) -> str:
        """Return SQL: what has to be said of the cells of a row, in one text; null where nothing."""
        named = marks.key(self.dataset)
        titles = {each.id: each.title for each in self.elements}
        told = {
            row: "；".join(f"{titles[column]}（{words}）" for column, words in said.items())
            for row, said in self.marks.items()
        }
        if named is None or not told:
            return "cast(null as varchar)"
        self.connection.execute(
            "create or replace temp table cell_mark as select unnest(?) as row_key, unnest(?) as said",
            [list(told), list(told.values())],
        )
        return f"(select said from cell_mark where row_key = {identifier(named)})"

    @property
    def as_of(self) -> str:
        """Return the business date the tables speak of."""
        stated = self.version.manifest.get("inputs", {}).get("business_date")
        return str(stated or datetime.fromisoformat(self.version.manifest["created"]).astimezone(LOCAL).date())

    @property
    def watermark(self) -> str:
        """Return the line that says whose copy this is."""
        at = datetime.fromisoformat(self.access.at).astimezone(LOCAL)
        return (
            f"单位：{self.place.full_name} · 账号：{self.access.actor[:40]}"
            f" · 时间：{at:%Y-%m-%d %H:%M} · 回执号：{self.access.receipt}"
        )

    @property
    def facts(self) -> Mapping[str, str]:
        """Return what every package says of itself, label → text."""
        return {
            ("社区" if self.place.is_community else "区划"): f"{self.place.full_name}（{self.place.code}）",
            "数据集": f"{self.dataset.title}（{self.dataset.name}）",
            "作什么用": self.dataset.purpose,
            "本次用途": self.access.purpose or "核对",
            "显示方式": masks.TITLES[self.access.profile],
            "数据截至": self.as_of,
            "版本": self.version.name,
            "取哪些行": "只有与上一版本不同的（移除和迁出的见变化清单）" if self.only_changes else "全部",
            "上一版本": self.version.manifest.get("previous") or "没有，这是首个版本",
            "使用约定": LICENCE,
        }

    def systems(self) -> Mapping[str, tuple[Contract, Delivery]]:
        """Return the systems some column comes from, name → contract and how its last pull went."""
        pulled = {
            system: Delivery(day, is_stale)
            for system, day, is_stale in self.connection.execute(
                "select system, snapshot_date, is_stale from landing.outcome"
            ).fetchall()
        }
        holding = {name for each in self.elements for name in self._holders(each)}
        return {
            name: (contract, pulled.get(name, Delivery(None, True)))
            for name, contract in contracts().items()
            if name in holding
        }

    def source_of(self, element: Element) -> str:
        """Return which systems hold an element, those whose word stands first, communities, or that we derived it."""
        holders = self._holders(element)
        ranked = [*(name for name in element.survivorship.authoritative if name in holders), *holders]
        ranked += [name for name, each in collected().items() if (each.entity, element.id) in self._collected]
        return "、".join(systems()[name].title for name in dict.fromkeys(ranked)) or DERIVED

    @cached_property
    def _collected(self) -> frozenset[tuple[str, str]]:
        """Return (entity, element) of the cells of its rows whose value is what a community collected."""
        named = marks.key(self.dataset)
        if named is None or not has_table(self.connection, "governance.collected_cell"):
            return frozenset()
        return frozenset(
            self.connection.execute(
                f"""select distinct entity, element_id from governance.collected_cell
                where state = 'stands' and entity_id in (
                    select {identifier(named)} from {self.dataset.table} where {self.where})"""
            ).fetchall()
        )

    def _holders(self, element: Element) -> list[str]:
        return [
            name
            for name, contract in contracts().items()
            if contract.entity in self.dataset.entities and element.id in contract.columns.values()
        ]
