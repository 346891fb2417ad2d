"""Columns of a built table: what they mean by the register, and which columns they come from."""

from collections.abc import Mapping
from functools import cache

import dagster as dg
import duckdb

from jiceng_pipeline.defs.layers import key
from jiceng_pipeline.standard.register import elements
from jiceng_pipeline.warehouse.table import Table

Columns = Mapping[str, str]  # name → type


def schema(connection: duckdb.DuckDBPyConnection, table: Table) -> dg.TableSchema:
    """Return the columns of a table as built, each with its element's title and definition."""
    known = elements()
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name, kind, description=f"{known[name].title}：{known[name].definition}" if name in known else None
            )
            for name, kind in _columns(connection, table.full_name).items()
        ]
    )


def _columns(connection: duckdb.DuckDBPyConnection, full_name: str) -> Columns:
    """Return the columns of a table or view, in order."""
    # duckdb_columns() would look through every table of the build
    return {name: kind for name, kind, *_ in connection.execute(f"describe {full_name}").fetchall()}


def lineage(connection: duckdb.DuckDBPyConnection, table: Table) -> dg.TableColumnLineage:
    """Return which columns of other tables each column of a SQL model is made from."""
    origins = _origins(
        table.sql, tuple((name, tuple(_columns(connection, name).items())) for name in sorted(table.depends))
    )
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(key(source), name) for source, name in sorted(found)]
            for column, found in origins.items()
        }
    )


@cache  # one sync after the other reads the same columns
def _origins(
    sql: str, sources: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
) -> Mapping[str, set[tuple[str, str]]]:
    from sqlglot import exp  # not needed to load the graph
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage as trace

    known: dict[str, dict[str, Columns]] = {}
    for full_name, found in sources:
        schema, _, table = full_name.partition(".")
        known.setdefault(schema, {})[table] = dict(found)
    try:
        roots = trace(None, sql, known, dialect="duckdb", trim_selects=False)
    except SqlglotError:  # DuckDB ran it, so the table stands; only the picture lacks its lines
        return {}
    return {
        column: {
            (f"{node.expression.db}.{node.expression.name}", node.name.rpartition(".")[2].strip('"'))
            for node in root.walk()
            if isinstance(node.expression, exp.Table)
        }
        for column, root in roots.items()
    }
