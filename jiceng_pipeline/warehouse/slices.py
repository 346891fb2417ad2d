"""Slices: rows a part at a time, in order of an id, where to sort wide rows all at once takes all the memory."""

from collections.abc import Iterator

import duckdb

_CELL = 16  # bytes of memory for each cell of the rows sorted at once
_SHARE = 4  # of the memory there is, a quarter
_HEADS = 256  # an id is hexadecimal digits, evenly spread: its first two say in which slice it lies


def slices(id: str, rows: int, most: int) -> Iterator[str]:
    """Yield SQL over the column `id`, one a slice of about `most` of so many rows, in order.

    None of them is without rows. DuckDB 1.5 would not see what is inserted in order after that, into a table made in
    the same transaction, until the file is opened again.
    """
    count = min(1 + rows // most, _HEADS)
    heads = [f"{each * _HEADS // count:02x}" for each in range(1, count)]
    for first, end in zip([None, *heads], [*heads, None], strict=True):
        lies = [f"{id} >= '{first}'"] * (first is not None) + [f"{id} < '{end}'"] * (end is not None)
        yield " and ".join(lies) or "true"


def fitting(connection: duckdb.DuckDBPyConnection, columns: int) -> int:
    """Return how many rows of so many columns may be sorted at once in a quarter of the memory there is."""
    limit = "parse_formatted_bytes(current_setting('memory_limit'))"
    memory: int = connection.execute(f"select {limit}").fetchall()[0][0]
    return max(1, memory // _SHARE // (_CELL * columns))
