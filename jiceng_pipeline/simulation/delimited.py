"""Delimited text as offices write it: any separator and encoding, quoted where the text needs it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation.store import batches, whole
from jiceng_pipeline.simulation.text import Text


def write(path: Path, tables: Iterable[Any], separator: str, encoding: str, end: str = "\n") -> None:
    """Write tables below one header; `utf-8-sig` begins with a byte order mark."""
    with whole(path) as draft, draft.open("w", encoding=encoding, newline="") as out:
        for place, rows in enumerate(batches(tables)):
            if not place:
                names = pa.table({name: pa.array([name]) for name in rows.column_names})
                out.write(_lines(names, separator, end))
            out.write(_lines(rows, separator, end))


def _lines(rows: Any, separator: str, end: str) -> str:
    cells = [_quoted(column.combine_chunks(), separator) for column in rows.columns]
    return "".join(pc.binary_join_element_wise(pc.binary_join_element_wise(*cells, separator), end, "").to_pylist())


def _quoted(values: Text, separator: str) -> Text:
    values = pc.fill_null(values, "")
    special = pc.match_substring_regex(values, f'[\\{separator}"\\r\\n]')
    if not pc.any(special).as_py():
        return values
    escaped = pc.binary_join_element_wise('"', pc.replace_substring(values, '"', '""'), '"', "")
    return pc.if_else(special, escaped, values)
