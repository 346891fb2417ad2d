"""Up to which event a build may read the ledger: noted in the build when it begins, so that a later event waits."""

import duckdb


def bind(connection: duckdb.DuckDBPyConnection, until: int) -> None:
    """Note it, as `landing.ledger_bound`."""
    connection.execute("create schema if not exists landing")
    connection.execute("create or replace table landing.ledger_bound as select cast(? as bigint) as seq", [until])


def bound(connection: duckdb.DuckDBPyConnection) -> int | None:
    """Return that number, None where none was noted: all of the ledger."""
    known = "select 1 from duckdb_tables() where schema_name = 'landing' and table_name = 'ledger_bound'"
    if not connection.execute(known).fetchall():
        return None
    found: int | None = connection.execute("select max(seq) from landing.ledger_bound").fetchall()[0][0]
    return found
