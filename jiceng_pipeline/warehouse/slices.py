"""A wide table in the order of its records, made a slice at a time: sorting it whole takes all the memory there is."""

from collections.abc import Collection, Iterator

import duckdb

from jiceng_pipeline.warehouse import blank

MOST = 1_000_000  # rows sorted at once: of records with seventy columns about a gigabyte
_HEADS = 256  # a record_id is hexadecimal digits, evenly spread: its first two say in which slice it lies


def create_sorted(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    select: str,
    rows: int,
    filled: Collection[str],
    most: int = MOST,
) -> None:
    """Create table `name` of `select`, which has about so many `rows`, in order of its column record_id.

    Its columns not in `filled` hold nothing, and are blank.
    """
    kept = blank.declare(connection, name, select, filled)
    for lies in slices(rows, most):
        connection.execute(f"insert into {name} ({kept}) select {kept} from ({select}) where {lies} order by record_id")


def slices(rows: int, most: int = MOST) -> Iterator[str]:
    """Yield SQL over record_id, one a slice of about `most` of so many rows, in order."""
    count = min(1 + rows // most, _HEADS)
    heads = [f"{each * _HEADS // count:02x}" for each in range(1, count)]
    for first, end in zip([None, *heads], [*heads, None], strict=True):
        lies = [f"record_id >= '{first}'"] * (first is not None) + [f"record_id < '{end}'"] * (end is not None)
        yield " and ".join(lies) or "true"
