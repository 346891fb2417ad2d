"""JSON written column by column: one object a row, without building Python objects."""

from collections.abc import Collection
from typing import Any

import pyarrow.compute as pc

from jiceng_pipeline.simulation.text import Text


def objects(table: Any, bare: Collection[str] = ()) -> Text:
    """Return each row as a JSON object; columns in `bare` are written without quotes, nulls as null."""
    parts: list[Any] = []
    for position, name in enumerate(table.column_names):
        parts.append(f'{"," if position else "{"}"{name}":')
        values = table[name].combine_chunks()
        parts.append(pc.fill_null(values if name in bare else _quoted(values), "null"))
    return pc.binary_join_element_wise(*parts, "}", "")


def lines(objects: Text) -> bytes:
    """Return one object a line."""
    return "".join(pc.binary_join_element_wise(objects, "\n", "").to_pylist()).encode()


def _quoted(values: Text) -> Text:
    escaped = pc.replace_substring(pc.replace_substring(values, "\\", "\\\\"), '"', '\\"')
    return pc.binary_join_element_wise('"', escaped, '"', "")
