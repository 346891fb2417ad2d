"""A fingerprint of what a version says, independent of row order, file layout and when it was made."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import groupby

import duckdb

from jiceng_pipeline.warehouse.connection import identifier

# Not functions of landing and ledger alone: a comparison with the version before, what pulls left beside
# the snapshots, how long a check took.
_OUTSIDE = {("returned", "changes")}
_OUTSIDE_SCHEMAS = {"landing", "previous", "main"}
_OUTSIDE_COLUMNS = {"seconds"}
_WIDE = 30  # columns: below, looking which are empty takes longer than it saves
_LOW = f"cast({2**64 - 1} as uhugeint)"


def table_hashes(connection: duckdb.DuckDBPyConnection) -> Mapping[str, tuple[int, str]]:
    """Return full name → (rows, hash) for each table whose content defines the version."""
    columns: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in connection.execute(
        """select c.schema_name, c.table_name, c.column_name
        from duckdb_columns() as c join duckdb_tables() as t using (database_name, schema_name, table_name)
        where c.database_name = current_database() order by all"""
    ).fetchall():
        if schema not in _OUTSIDE_SCHEMAS and (schema, table) not in _OUTSIDE and column not in _OUTSIDE_COLUMNS:
            columns.setdefault((schema, table), []).append(column)
    return {f"{s}.{t}": _hash(connection, f"{s}.{t}", names) for (s, t), names in columns.items()}


def _hash(connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> tuple[int, str]:
    cells = ", ".join(_cells(connection, table, columns))
    rows, high, low = connection.execute(
        f"""select count(*), sum(cast(line >> 64 as ubigint)), sum(cast(line & {_LOW} as ubigint))
        from (select md5_number(concat_ws(chr(31), {cells})) as line from {table})"""
    ).fetchall()[0]
    return rows, sha256(f"{columns}|{rows}|{high}|{low}".encode()).hexdigest()[:32]


def _cells(connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> Iterator[str]:
    """Yield SQL for the text of each column; of a wide table, most of whose columns are empty, those stand as one."""
    held = [1] * len(columns)
    if len(columns) > _WIDE:
        counts = ", ".join(f"count({identifier(name)})" for name in columns)
        held = list(connection.execute(f"select {counts} from {table}").fetchall()[0])
    for is_empty, group in groupby(zip(columns, held, strict=True), key=lambda cell: not cell[1]):
        if is_empty:
            yield " || chr(31) || ".join("chr(0)" for _ in group)
        else:
            yield from (f"coalesce(cast({identifier(name)} as varchar), chr(0))" for name, _ in group)


def combined(tables: Mapping[str, tuple[int, str]]) -> str:
    """Return one hash over all tables: the version's content hash."""
    return sha256("".join(f"{name}={value[1]};" for name, value in sorted(tables.items())).encode()).hexdigest()
