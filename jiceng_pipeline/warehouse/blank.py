"""空列 (blank columns): what no record of a home fills stands in its table by name and type, and takes no room.

A home has a few of the systems that we know, so most columns of a wide table hold nothing, and to sort, write and
compress nothing took as long as all the rest. A blank column is a virtual one, generated as null: who reads the table
finds it in its place, empty.
"""

from collections.abc import Collection, Sequence

import duckdb

from jiceng_pipeline.warehouse.connection import identifier

# Keyed hashes, which nothing makes smaller, and numbers that hardly two rows share: to look for a dictionary of them
# took longer than to write the rest of a narrow table. And of what a day's matching looks up a few: to get at one text
# of a dictionary all of it is decoded.
ID = "varchar using compression uncompressed"
KEYED = ("record_id", "entity_id", "resident_id", "household_id", "row_hash")
_UNLIKE = (*KEYED, "citizen_id", "phone", "written_name", "spoken_name", "name_key")


def create(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    select: str,
    filled: Collection[str] | None = None,
    order: str = "",
) -> None:
    """Create table `name` of `select`, in that `order`; its columns not in `filled` hold nothing, and are blank.

    None: all may hold something.
    """
    kept = declare(connection, name, select, filled)
    connection.execute(f"insert into {name} ({kept}) select {kept} from (\n{select}\n){order and f' order by {order}'}")


def declare(
    connection: duckdb.DuckDBPyConnection, name: str, select: str, filled: Collection[str] | None = None
) -> str:
    """Create table `name` in the shape of `select`, without rows; return the list of its columns that hold values."""
    columns = connection.execute(f"describe {select}").fetchall()
    held = {column for column, *_ in columns if filled is None or column in filled}
    declared = ", ".join(
        f"{identifier(column)} {ID if column in _UNLIKE else kind}"
        if column in held
        else f"{identifier(column)} {kind} generated always as (cast(null as {kind})) virtual"
        for column, kind, *_ in columns
    )
    connection.execute(f"create or replace table {name} ({declared})")
    return ", ".join(identifier(column) for column, *_ in columns if column in held)


def filled(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> frozenset[str]:
    """Return those of the columns of a table of which some row holds a value."""
    counts = ", ".join(f"count({identifier(column)})" for column in columns)
    found = connection.execute(f"select {counts} from {table}").fetchall()[0] if columns else ()
    return frozenset(column for column, count in zip(columns, found, strict=True) if count)
