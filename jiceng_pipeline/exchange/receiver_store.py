"""Where a receiver keeps its copy: a DuckDB file or a PostgreSQL database, one table a subscription.

The table has the columns of the subscription, and in front `_key` (which row it is) and `_batch` (which batch said
it last). `jiceng_batch` notes what was taken over.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from jiceng_pipeline.core.errors import SourceUnreachable
from jiceng_pipeline.exchange import delivery_batch
from jiceng_pipeline.exchange.delivery_batch import Batch, Have
from jiceng_pipeline.exchange.delta import REMOVING
from jiceng_pipeline.ledger.chain import GENESIS
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import connect, identifier, quoted

_REMOVED = ", ".join(map(literal, REMOVING))
_NOTES = """create table if not exists {} (subscription varchar, number bigint, hash varchar, kind varchar,
    first_number bigint, rows bigint, version varchar, primary key (subscription, number))"""


class Store:
    """A copy in a DuckDB database attached as `target`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str = "main") -> None:
        self.connection, self._schema = connection, schema
        self._run(f"create schema if not exists {self._where}")
        self._run(_NOTES.format(self._place("jiceng_batch")))

    def have(self, name: str) -> Have:
        """Return the last batch taken over."""
        found = self._ask(
            f"""select number, hash from {self._place("jiceng_batch")} where subscription = {literal(name)}
            order by number desc limit 1"""
        )
        return Have(int(found[0][0]), str(found[0][1])) if found else Have(0, GENESIS)

    def hash(self, name: str, number: int) -> str | None:
        """Return the hash of a batch taken over."""
        found = self._ask(
            f"""select hash from {self._place("jiceng_batch")}
            where subscription = {literal(name)} and number = {number}"""
        )
        return str(found[0][0]) if found else None

    def apply(self, batch: Batch) -> None:
        """Take one batch over, all of it or nothing."""
        told = batch.manifest
        first = batch.number - int(told["part"]) + 1
        with self._transaction():
            self._shape(batch)
            if told["rows"]:
                self._rows(batch, is_fresh=told["kind"] == "baseline" and self._is_empty(told["subscription"]))
            if told["kind"] == "baseline" and told["part"] == told["parts"]:
                self._run(f"delete from {self._place(told['subscription'])} where _batch < {first}")
            self._run(
                f"""insert into {self._place("jiceng_batch")} values ({literal(told["subscription"])}, {batch.number},
                {literal(batch.hash)}, {literal(told["kind"])}, {first}, {told["rows"]}, {literal(told["version"])})"""
            )

    def columns(self, name: str) -> dict[str, str]:
        """Return column → type of the copy, without those in front; nothing where there is no copy yet."""
        found = self._ask(
            f"""select column_name, data_type from information_schema.columns
            where table_schema = {literal(self._schema)} and table_name = {literal(name)}
                and column_name not in ('_key', '_batch') {self._own} order by ordinal_position"""
        )
        return dict(found)

    def table(self, name: str) -> str:
        """Return the copy's table as DuckDB names it."""
        return f"target.{identifier(self._schema)}.{identifier(name)}"

    _own = "and table_catalog = 'target'"

    def _shape(self, batch: Batch) -> None:
        """Make the table, or give it the columns that the batch has."""
        name = str(batch.manifest["subscription"])
        wanted = {each["name"]: self._type(each["type"]) for each in batch.manifest["columns"]}
        table, present = self._place(name), self.columns(name)
        if not self._exists(name):
            listed = "".join(f", {identifier(column)} {kind}" for column, kind in wanted.items())
            self._run(f"create table {table} ({self._head}{listed}){self._pages}")
            return
        for column, kind in present.items():
            if column not in wanted or not self._is_type(kind, wanted[column]):
                self._run(f"alter table {table} drop column {identifier(column)}")
        for column, kind in wanted.items():
            if column not in present or not self._is_type(present[column], kind):
                self._run(f"alter table {table} add column {identifier(column)} {kind}")

    _head, _pages = "_key varchar not null, _batch bigint not null", ""

    def _rows(self, batch: Batch, *, is_fresh: bool) -> None:
        """Replace or take away the rows of the batch."""
        table = self._place(batch.manifest["subscription"])
        source = delivery_batch.rows_as_stated(batch)
        if not is_fresh:
            self._run(f"delete from {table} where _key in (select _key from ({source}))")
        self._run(f"insert into {table} by name {self._told(batch, source)}")

    def _told(self, batch: Batch, source: str) -> str:
        cells = "".join(f", {identifier(each['name'])}" for each in batch.manifest["columns"])
        return f"""select _key, cast({batch.number} as bigint) as _batch{cells} from ({source})
            where _operation not in ({_REMOVED})"""

    def _exists(self, name: str) -> bool:
        return bool(
            self._ask(
                f"""select 1 from information_schema.tables where table_schema = {literal(self._schema)}
                and table_name = {literal(name)} {self._own}"""
            )
        )

    def _is_empty(self, name: str) -> bool:
        return not self._ask(f"select 1 from {self._place(name)} limit 1")

    def _type(self, kind: str) -> str:
        return kind

    def _is_type(self, present: str, wanted: str) -> bool:
        return present == wanted

    def _place(self, table: str) -> str:
        return f"{self._where}.{identifier(table)}"

    @property
    def _where(self) -> str:
        return f"target.{identifier(self._schema)}"

    def _run(self, statement: str) -> None:
        self.connection.execute(statement)

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("begin")
        try:
            yield
            self.connection.execute("commit")
        except BaseException:
            with suppress(duckdb.Error):  # where the connection is lost, that is what is to be told
                self.connection.execute("rollback")
            raise


@contextmanager
def in_file(path: Path) -> Iterator[Store]:
    """Open a copy kept in a DuckDB file."""
    with connect() as connection:
        connection.execute(f"attach {literal(str(path))} as target")
        yield Store(connection)


@contextmanager
def in_postgresql(url: str, schema: str = "public") -> Iterator[Store]:
    """Open a copy kept in PostgreSQL; raise SourceUnreachable where it cannot be reached."""
    from jiceng_pipeline.exchange.receiver_ahead import Ahead
    from jiceng_pipeline.exchange.receiver_postgresql import PostgresStore

    @contextmanager
    def second() -> Iterator[PostgresStore]:
        with _attached(url) as connection:
            yield PostgresStore(connection, schema)

    with _attached(url) as connection, closing(Ahead(second)) as ahead:
        yield PostgresStore(connection, schema, ahead)


@contextmanager
def _attached(url: str) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(extensions=["postgres_scanner"]) as connection:
        connection.execute("set threads = 1")  # another one would spin while the server works
        try:
            connection.execute(f"attach '{quoted(url)}' as target (type postgres)")
        except duckdb.Error:
            raise SourceUnreachable("连不上对方的数据库", where="PostgreSQL", cure="检查地址、账号和网络") from None
        yield connection
