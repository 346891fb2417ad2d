"""A copy in PostgreSQL: rows arrive by COPY in a table beside, and are merged by one statement of the server's."""

import re
from typing import Any

from jiceng_pipeline.exchange import delivery_batch
from jiceng_pipeline.exchange.delivery_batch import Batch
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

    def _rows(self, batch: Batch, *, is_fresh: bool) -> None:
        told = batch.manifest
        table, beside = self._place(told["subscription"]), self._place(f"{told['subscription']}__arriving")
        names = [each["name"] for each in told["columns"]]
        listed = ", ".join(map(identifier, ("_key", "_batch", *names)))
        source = delivery_batch.rows_as_stated(batch)
        if is_fresh:
            self._copy(told["subscription"], listed, self._told(batch, source))
            return
        self._run(f"drop table if exists {beside}")
        self._run(
            f"create unlogged table {beside} as select null::text as _operation, {listed} from {table} with no data"
        )
        cells = "".join(f", {identifier(name)}" for name in names)
        self._copy(
            f"{told['subscription']}__arriving",
            f"_operation, {listed}",
            f"select _operation, _key, cast({batch.number} as bigint) as _batch{cells} from ({source})",
        )
        if set(told["operations"]) - {"insert", "split", "update", "corrected"}:
            self._run(
                f"delete from {table} as t using {beside} as a where a._key = t._key and a._operation in ({_REMOVED})"
            )
        changed = ", ".join(f"{identifier(name)} = excluded.{identifier(name)}" for name in ("_batch", *names))
        self._run(
            f"""insert into {table} ({listed}) select {listed} from {beside} where _operation not in ({_REMOVED})
            on conflict (_key) do update set {changed}"""
        )
        self._run(f"drop table {beside}")

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
