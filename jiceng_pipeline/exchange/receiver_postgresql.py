"""A copy in PostgreSQL: rows arrive by COPY in a table beside, and are merged by one block of the server's."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from jiceng_pipeline.exchange import delivery_batch
from jiceng_pipeline.exchange.delivery_batch import Batch
from jiceng_pipeline.exchange.delta import REMOVING
from jiceng_pipeline.exchange.receiver_ahead import Ahead
from jiceng_pipeline.exchange.receiver_store import _REMOVED, Store
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import identifier

_TYPES = {"VARCHAR": "text", "DOUBLE": "double precision", "HUGEINT": "numeric"}
_AS_LISTED = {
    "text": "text", "bigint": "bigint", "boolean": "boolean", "date": "date", "double precision": "double precision",
    "timestamp without time zone": "timestamp", "integer": "integer", "numeric": "decimal",
}  # fmt: skip


class PostgresStore(Store):
    """The same copy, every statement run by the server itself, within DuckDB's transaction."""

    _own = ""
    _head = "_key text primary key, _batch bigint not null"
    # A changed row that finds room on its own page needs no new entry in the index, and the room is free again for
    # the next: half the work, and no table that grows with every change of everything.
    _pages = " with (fillfactor = 50)"

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str, ahead: Ahead | None = None) -> None:
        super().__init__(connection, schema)
        self._ahead = ahead

    def apply(self, batch: Batch) -> None:
        """Take one batch over; what is brought beside by another connection is there before this one begins."""
        self._is_beside = self._ahead is not None and self._ahead.has(batch)
        super().apply(batch)

    def bring(self, batch: Batch) -> None:
        """Bring the rows of a batch into a table beside, in a transaction of its own."""
        with self._transaction():
            self._run(f"drop table if exists {self._place(_beside(batch))}")
            self._bring(batch)

    def leave(self, batch: Batch) -> None:
        """Drop what lies beside, of this batch and of the one before or after."""
        with self._transaction():  # outside of one, DuckDB aborts the process where the server is gone
            self._leave(batch)

    def _leave(self, batch: Batch) -> None:
        self._run(f"drop table if exists {', '.join(map(self._place, _places_beside(batch)))}")

    def _rows(self, batch: Batch, *, is_fresh: bool) -> None:
        told = batch.manifest
        table, beside = self._place(told["subscription"]), self._place(_beside(batch))
        names = ["_batch", *(each["name"] for each in told["columns"])]
        listed = ", ".join(map(identifier, ("_key", *names)))
        if is_fresh:
            self._copy(told["subscription"], listed, self._told(batch, delivery_batch.rows_as_stated(batch)))
            return
        if not self._is_beside or self._ask(f"select count(*) from {beside}") != [(told["rows"],)]:
            self._leave(batch)
            self._bring(batch)
        if self._ahead:
            self._ahead.begin(batch)
        if set(told["operations"]) - {"insert", "split", "update", "corrected"}:
            self._run(
                f"delete from {table} as t using {beside} as a where a._key = t._key and a._operation in ({_REMOVED})"
            )
        self._run(_merge(table, beside, names, told))
        self._run(f"drop table {beside}")

    def _bring(self, batch: Batch) -> None:
        told = batch.manifest
        cells = "".join(f", {identifier(each['name'])}" for each in told["columns"])
        table, beside = self._place(told["subscription"]), self._place(_beside(batch))
        self._run(
            f"""create unlogged table {beside} as
            select null::text as _operation, _key, _batch{cells} from {table} with no data"""
        )
        self._copy(
            _beside(batch),
            f"_operation, _key, _batch{cells}",
            f"""select _operation, _key, cast({batch.number} as bigint) as _batch{cells}
            from ({delivery_batch.rows_as_stated(batch)})""",
        )

    def _copy(self, table: str, columns: str, select: str) -> None:
        """Send rows by COPY, in this transaction; DuckDB has to look again at what there is now."""
        self.connection.execute("call pg_clear_cache()")
        self.connection.execute(f"insert into {self.table(table)} ({columns}) {select}")

    def _type(self, kind: str) -> str:
        return _TYPES.get(kind, kind.lower())

    def _is_type(self, present: str, wanted: str) -> bool:
        return _AS_LISTED.get(present, present) == re.sub(r"\(.*\)", "", wanted)

    @property
    def _where(self) -> str:
        return identifier(self._schema)

    def _run(self, statement: str) -> None:
        self.connection.execute(f"call postgres_execute('target', {literal(statement)})")

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(f"select * from postgres_query('target', {literal(query)})").fetchall()


def _merge(table: str, beside: str, names: Sequence[str], told: Mapping[str, Any]) -> str:
    """Return the block that says in the table what lies beside: changes row by row, then what was not there.

    A change is a plain update: the conflict of an insert locks each row first, and notes that too. Its rows are found
    by the index, for a server that does not know yet how few there are would read all the table.
    """
    listed = ", ".join(map(identifier, ("_key", *names)))
    changed, inserted = (
        ", ".join(f"{identifier(name)} = {side}.{identifier(name)}" for name in names) for side in ("a", "excluded")
    )
    kept = sum(count for operation, count in told["operations"].items() if operation not in REMOVING)
    return f"""do $$ declare changed bigint; begin
        perform set_config(name, 'off', true) from pg_settings
            where name in ('enable_hashjoin', 'enable_mergejoin', 'enable_memoize');
        update {table} as t set {changed} from {beside} as a
            where a._key = t._key and a._operation in ('update', 'corrected');
        get diagnostics changed = row_count;
        if changed < {kept} then
            insert into {table} ({listed}) select {listed} from {beside} as a
                where _operation not in ({_REMOVED})
                    and not exists (select from {table} as t where t._key = a._key and t._batch = {told["number"]})
                on conflict (_key) do update set {inserted};
        end if;
    end $$"""


def _beside(batch: Batch) -> str:
    """Return what the table beside is called."""
    return _places_beside(batch)[batch.number % 2]


def _places_beside(batch: Batch) -> tuple[str, str]:
    """Return what the tables beside are called: two batches may be on their way at once."""
    name = batch.manifest["subscription"]
    return f"{name}__0_arriving", f"{name}__1_arriving"
