"""Delimited text as offices write it: any separator and encoding, quoted where the text needs it."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jiceng_pipeline.simulation.store import whole

BATCH = 100_000


def write(path: Path, rows: Any, separator: str, encoding: str, end: str = "\n") -> None:
    """Write a table with its header; `utf-8-sig` begins with a byte order mark."""
    with whole(path) as draft, draft.open("w", encoding=encoding, newline="") as out:
        writer = csv.writer(out, delimiter=separator, lineterminator=end)
        writer.writerow(rows.column_names)
        for start in range(0, rows.num_rows, BATCH):
            writer.writerows(_tuples(rows.slice(start, BATCH)))


def _tuples(rows: Any) -> Iterable[tuple[str | None, ...]]:
    return zip(*(column.to_pylist() for column in rows.columns), strict=True)
