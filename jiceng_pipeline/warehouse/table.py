"""A table of the build: its name, what it needs, and how it is made."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field

import duckdb

from jiceng_pipeline.core.settings import Settings

Build = Callable[[duckdb.DuckDBPyConnection, Settings], None]


@dataclass(frozen=True)
class Table:
    """`depends` holds full names (`schema.table`); `build` creates or replaces the table or view.

    Where the last statement of `build` alone makes the table and much is put by in temporary ones before,
    `is_one_transaction` is false: DuckDB reads with one thread what was not committed yet. Where `build` changes
    settings of the database, which hold for every connection to it, `is_alone` has it opened for such tables only.
    `counted` is a select of how many rows a view has, where that can be told without making them.
    """

    schema: str
    name: str
    title: str
    purpose: str
    depends: frozenset[str]
    build: Build = field(compare=False)
    sql: str = ""
    columns: tuple[str, ...] = ()
    is_view: bool = False
    is_one_transaction: bool = True
    is_alone: bool = False
    counted: str = ""

    @property
    def full_name(self) -> str:
        """Return `schema.table`."""
        return f"{self.schema}.{self.name}"

    @property
    def key(self) -> tuple[str, ...]:
        """Return the asset key: schema, then the parts of the name (`department`, `system`)."""
        return (self.schema, *self.name.split("__"))


def made_before(_connection: duckdb.DuckDBPyConnection, _settings: Settings) -> None:
    """Do nothing: the build of a table that one it depends on was made together with."""


def materialise(connection: duckdb.DuckDBPyConnection, table: Table, settings: Settings) -> int:
    """Make one table and return its row count."""
    connection.execute(f"create schema if not exists {table.schema}")
    other = "table" if table.is_view else "view"
    with suppress(duckdb.CatalogException):  # it is none, which a build of an earlier release may have
        connection.execute(f"drop {other} if exists {table.full_name}")
    with _transaction(connection) if table.is_one_transaction else nullcontext():
        table.build(connection, settings)
    rows: int = connection.execute(table.counted or f"select count(*) from {table.full_name}").fetchall()[0][0]
    return rows


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.execute("begin")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
