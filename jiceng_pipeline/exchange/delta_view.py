"""What a subscriber may see of a version: its rows, each with a key and a fingerprint of what is shown.

The fingerprints are all that is kept of what was handed over: they say whether a row is still the same, also when
a mask, a column or the scope has changed since, and hold no value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import duckdb

from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.kinds.subscription import Condition, Subscription
from jiceng_pipeline.returns.access import Access
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.returns.masks import SHOWN
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse.connection import identifier

ENTITIES = {
    "resident_id": "resident",
    "household_id": "household",
    "enterprise_id": "enterprise",
    "address_id": "dwelling",
}
NOW = "now"  # the alias of the version being delivered
_EVERYTHING = "*"


@dataclass(frozen=True)
class Column:
    """A column as it is handed over: `mask` says in words what was done to it."""

    name: str
    type: str
    title: str
    mask: str


@dataclass(frozen=True)
class View:
    """One subscription's sight of the version attached as `now`."""

    dataset: Dataset
    wanted: Subscription
    access: Access

    @property
    def table(self) -> str:
        """Return the table its rows come from."""
        return f"{NOW}.{self.dataset.table}"

    @property
    def entity(self) -> str | None:
        """Return the entity a row is of, None where rows are of none and are known by what they say."""
        return next((e for e in ENTITIES.values() if self.dataset.name == f"{e}_register"), None)

    @property
    def key(self) -> str | None:
        """Return the column that names a row."""
        return next((column for column, entity in ENTITIES.items() if entity == self.entity), None)

    def columns(self, connection: duckdb.DuckDBPyConnection) -> tuple[Column, ...]:
        """Return what this version can show of what was asked and granted, in the dataset's order."""
        described = connection.execute(f"describe select {self._shown(connection)} from {self.table}").fetchall()
        types = {name: kind for name, kind, *_ in described}
        maskings = self.access.maskings
        return tuple(Column(name, kind, element(name).title, maskings[name].words) for name, kind in types.items())

    def select(self, columns: tuple[Column, ...], connection: duckdb.DuckDBPyConnection) -> Mapping[str, str]:
        """Return name → SQL of each column; one that may no longer be shown so, or is no longer there, is null."""
        offered = {each.name: each.type for each in self.columns(connection)}
        return {
            each.name: self.access.maskings[each.name].sql(identifier(each.name))
            if offered.get(each.name) == each.type
            else f"cast(null as {each.type})"
            for each in columns
        }

    @property
    def where(self) -> str:
        """Return the predicate of the rows: scope and conditions."""
        return " and ".join([self.access.where(), *map(_passes, self.wanted.conditions)])

    def create_seen(
        self, connection: duckdb.DuckDBPyConnection, columns: tuple[Column, ...], settings: Settings
    ) -> None:
        """Create temp table `seen(position, row_key, shown, raw)`: place in the table, key and fingerprints.

        `raw` is null where what is shown is what there is.
        Raise IntegrityError where a register has two rows of one key.
        """
        cells = self.select(columns, connection)
        raw = {name: f"cast({identifier(name)} as varchar)" for name in cells if name in self._present(connection)}
        masked = any(self.access.maskings[name] is not SHOWN for name in raw)
        shown = _fingerprint(cells, settings)
        key = identifier(self.key) if self.key else f"to_hex(md5_number_lower({_line(cells, settings)}))"
        connection.execute(
            f"""create or replace temp table seen as
            select rowid as position, {key} as row_key, {shown} as shown,
                {_fingerprint(raw, settings) if masked else "null::ubigint"} as raw
            from {self.table} where {self.where}"""
        )
        if self.key is None:  # equal rows are told apart by counting them
            connection.execute(
                """create or replace temp table seen as
                select position, shown, raw,
                    row_key || '-' || row_number() over (partition by row_key order by position) as row_key
                from seen"""
            )
        elif connection.execute("select count(*) - count(distinct row_key) from seen").fetchall() != [(0,)]:
            raise IntegrityError("底册里有两行编号相同", where=self.dataset.table, cure="运行 jiceng rebuild --verify")

    def _present(self, connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
        """Return the columns that were asked, are granted, and that this version has."""
        there = {name for name, *_ in connection.execute(f"describe {self.table}").fetchall()}
        asked = self.dataset.columns if self.wanted.elements == _EVERYTHING else self.wanted.elements
        may = self.access.maskings
        return tuple(c for c in self.dataset.columns if c in asked and c in there and c in may)

    def _shown(self, connection: duckdb.DuckDBPyConnection) -> str:
        present = self._present(connection)
        return ", ".join(f"{self.access.maskings[c].sql(identifier(c))} as {identifier(c)}" for c in present)


def _line(cells: Mapping[str, str], settings: Settings) -> str:
    """Return SQL for one text of all cells of a row, begun by a digest of the columns' names and the secret.

    Of a digest, for every row is digested anew what its text begins with: long names would be half of the work.
    """
    seed = literal(sha256(f"{settings.secret}|{','.join(cells)}".encode()).hexdigest()[:32])
    texts = "".join(f", coalesce(cast({sql} as varchar), chr(0))" for sql in cells.values())
    return f"concat_ws(chr(31), {seed}{texts})"


def _fingerprint(cells: Mapping[str, str], settings: Settings) -> str:
    return f"md5_number_lower({_line(cells, settings)})"


def _passes(condition: Condition) -> str:
    column, known = identifier(condition.element), element(condition.element)
    if condition.test == "is_filled":
        return f"{column} is not null"
    if condition.test == "is_empty":
        return f"{column} is null"
    values = [f"try_cast({literal(value)} as {known.sql_type})" for value in condition.values]
    if condition.test in {"is", "is_not"}:
        found = f"{column} in ({', '.join(values)})"
        return found if condition.test == "is" else f"not coalesce({found}, false)"
    if condition.test == "contains":
        listed = " or ".join(f"contains(',' || {column} || ',', ',' || {literal(v)} || ',')" for v in condition.values)
        return f"coalesce({listed}, false)"
    return f"{column} {'>=' if condition.test == 'at_least' else '<='} {values[0]}"
