"""Up to which event a build may read the ledger: noted in the build when it begins, so that a later event waits."""

import duckdb


def bind(connection: duckdb.DuckDBPyConnection, until: int) -> None:
    """Note it, as `landing.ledger_bound`."""
    connection.execute("create schema if not exists landing")
    connection.execute("create or replace table landing.ledger_bound as select cast(? as bigint) as seq", [until])


def bound(connection: duckdb.DuckDBPyConnection) -> int | None:
    """Return that number, None where none was noted: all of the ledger."""
    try:
        rows = connection.execute("select max(seq) from landing.ledger_bound").fetchall()
    except duckdb.CatalogException:
        return None
    found: int | None = rows[0][0]
    return found
