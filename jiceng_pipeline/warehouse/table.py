"""A table of the build: its name, what it needs, and how it is made."""

from collections.abc import Callable
from dataclasses import dataclass, field

import duckdb

from jiceng_pipeline.core.settings import Settings

Build = Callable[[duckdb.DuckDBPyConnection, Settings], None]


@dataclass(frozen=True)
class Table:
    """`depends` holds full names (`schema.table`); `build` creates or replaces the table or view."""

    schema: str
    name: str
    title: str
    purpose: str
    depends: frozenset[str]
    build: Build = field(compare=False)
    sql: str = ""
    columns: tuple[str, ...] = ()
    is_view: bool = False

    @property
    def full_name(self) -> str:
        """Return `schema.table`."""
        return f"{self.schema}.{self.name}"

    @property
    def key(self) -> tuple[str, ...]:
        """Return the asset key: schema, then the parts of the name (`department`, `system`)."""
        return (self.schema, *self.name.split("__"))


def materialise(connection: duckdb.DuckDBPyConnection, table: Table, settings: Settings) -> int:
    """Make one table in one transaction and return its row count."""
    connection.execute("begin")
    try:
        connection.execute(f"create schema if not exists {table.schema}")
        table.build(connection, settings)
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    rows: int = connection.execute(f"select count(*) from {table.full_name}").fetchall()[0][0]
    return rows
