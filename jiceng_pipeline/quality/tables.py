"""The tables of `quality` in a build: results, failing records, tickets. No column holds a personal value."""

import duckdb

_TABLES = (
    """quality.check_result (
        rule_id varchar, title varchar, severity varchar, layer varchar, table_name varchar, passed boolean,
        failed_count bigint, total_count bigint, broken boolean, seconds double)""",
    "quality.failure (rule_id varchar, record_key varchar, system varchar, element_id varchar)",
    "quality.failing (rule_id varchar, system varchar, failed_count bigint)",
)


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the schema and its tables where they are missing."""
    connection.execute("create schema if not exists quality")
    for table in _TABLES:
        connection.execute(f"create table if not exists {table}")


def existing(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return the full names of the tables and views of this database."""
    return frozenset(
        name
        for (name,) in connection.execute(
            """select table_schema || '.' || table_name from information_schema.tables
            where table_catalog = current_database()"""
        ).fetchall()
    )
