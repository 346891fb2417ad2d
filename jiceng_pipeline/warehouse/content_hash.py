"""A fingerprint of what a version says, independent of row order, file layout and when it was made.

Rows are hashed by DuckDB's own `hash`, a sixth of the work of a digest over their text. Of a long text it looks at
eight bytes at a time and lets the last of them influence little: two that differ in just the eighth and the sixteenth
byte are often taken for one. So each text of so many bytes is hashed once more, moved on by one byte; ids, of which no
two are so alike, are not.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256

import duckdb

from jiceng_pipeline.warehouse import blank
from jiceng_pipeline.warehouse.connection import identifier

Hashes = Mapping[str, tuple[int, str]]  # full name of a table → its rows, its hash
# Not functions of landing and ledger alone: a comparison with the version before, what pulls left beside
# the snapshots, how long a check took.
_OUTSIDE = {("returned", "changes")}
_OUTSIDE_SCHEMAS = {"landing", "previous", "main"}
_OUTSIDE_COLUMNS = {"seconds"}
# another DuckDB may hash otherwise, another method does: such hashes cannot be compared with ours
METHOD = f"long texts twice, duckdb {duckdb.__version__}"
_LONG = 16  # bytes
# Of these a hash looks at every bit alike; anything else is text, or holds some.
_PLAIN = ("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
          "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "DATE", "TIME", "TIMESTAMP")  # fmt: skip


def table_hashes(
    connection: duckdb.DuckDBPyConnection, only: Collection[str] | None = None, known: Hashes | None = None
) -> Hashes:
    """Return the hashes of all tables whose content defines the version, or of those of them that are in `only`.

    Those that are `known` already are not found once more.
    """
    known = known or {}
    columns: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for schema, table, column, kind in connection.execute(
        """select c.schema_name, c.table_name, c.column_name, c.data_type
        from duckdb_columns() as c join duckdb_tables() as t using (database_name, schema_name, table_name)
        where c.database_name = current_database() order by all"""
    ).fetchall():
        if schema not in _OUTSIDE_SCHEMAS and (schema, table) not in _OUTSIDE and column not in _OUTSIDE_COLUMNS:
            columns.setdefault((schema, table), []).append((column, kind))
    return {
        name: known.get(name) or _hash(connection, name, cells)
        for name, cells in ((f"{schema}.{table}", cells) for (schema, table), cells in columns.items())
        if only is None or name in only
    }


def _hash(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[tuple[str, str]]) -> tuple[int, str]:
    """Hash the rows, and them again before they are added up: what two rows exchange would else cancel out."""
    cells = ", ".join(identifier(name) for name, _ in columns)
    rows, first, second = connection.execute(
        f"""select count(*), sum(hash(plain, moved)), sum(hash(moved, plain))
        from (select hash({cells}) as plain, hash({", ".join(_moved(columns)) or 0}) as moved from {table})"""
    ).fetchall()[0]
    return rows, sha256(f"{columns}|{rows}|{first}|{second}".encode()).hexdigest()[:32]


def _moved(columns: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield SQL for each text that may be taken for another, its bytes moved on by one."""
    for name, kind in columns:
        if kind == "VARCHAR" and name not in blank.KEYED:
            yield f"case when strlen({identifier(name)}) >= {_LONG} then '-' || {identifier(name)} end"
        elif kind.endswith("]") or not kind.startswith((*_PLAIN, "VARCHAR")):
            yield f"'-' || cast({identifier(name)} as varchar)"


def combined(tables: Hashes) -> str:
    """Return one hash over all tables: the version's content hash."""
    return sha256("".join(f"{name}={value[1]};" for name, value in sorted(tables.items())).encode()).hexdigest()
