"""FoxPro tables (.dbf): a header of fixed shape, then records of fixed byte widths (dBase III, code page 936)."""

import struct
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation.store import whole

VERSION, CODE_PAGE, END_OF_FIELDS, END_OF_FILE = 0x03, 0x4D, b"\r", b"\x1a"
HELD, DELETED = b" ", b"*"


def write(path: Path, rows: Any, fields: Mapping[str, tuple[str, int]], changed: date, ghosts: int = 0) -> None:
    """Write text columns as fields: name → (C or D, bytes); the last `ghosts` rows were deleted and not packed."""
    width = 1 + sum(size for _, size in fields.values())
    start = 32 * (len(fields) + 1) + 1
    day = (changed.year - 1900, changed.month, changed.day)
    head = struct.pack("<B3BIHH17xBxx", VERSION, *day, rows.num_rows, start, width, CODE_PAGE)
    for name, (kind, size) in fields.items():
        head += struct.pack("<11sc4xB15x", name.encode("gbk"), kind.encode(), size)
    parts = [_field(rows[name].combine_chunks(), size) for name, (_, size) in fields.items()]
    marks = [HELD] * (rows.num_rows - ghosts) + [DELETED] * ghosts
    records = pc.binary_join_element_wise(pa.array(marks, pa.binary()), *parts, pa.scalar(b""))
    with whole(path) as draft:
        draft.write_bytes(head + END_OF_FIELDS + b"".join(records.to_pylist()) + END_OF_FILE)


def _field(values: Any, size: int) -> pa.Array:
    """Return texts as bytes of GBK, padded with spaces."""
    encoded = [(value or "").encode("gbk") for value in values.to_pylist()]
    if any(len(each) > size for each in encoded):
        raise ValueError(f"a value does not fit into {size} bytes")
    return pa.array([each.ljust(size) for each in encoded], pa.binary())
