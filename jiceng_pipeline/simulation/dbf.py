"""FoxPro tables (.dbf): a header of fixed shape, then records of fixed byte widths (dBase III, code page 936)."""

import struct
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation.store import batches, whole

VERSION, CODE_PAGE, END_OF_FIELDS, END_OF_FILE = 0x03, 0x4D, b"\r", b"\x1a"
HELD, DELETED = b" ", b"*"


def write(path: Path, tables: Iterable[Any], fields: Mapping[str, tuple[str, int]], changed: date) -> None:
    """Write text columns as fields: name → (C or D, bytes); the first row was also deleted, and not packed."""
    count, ghost = 0, b""
    with whole(path) as draft, draft.open("wb") as out:
        out.write(_head(fields, changed, 0))
        for rows in batches(tables):
            records = _records(rows, fields, HELD)
            ghost = ghost or b"".join(_records(rows.slice(0, 1), fields, DELETED))
            count += len(records)
            out.write(b"".join(records))
        out.write(ghost + END_OF_FILE)
        out.seek(0)
        out.write(_head(fields, changed, count + bool(ghost)))


def _head(fields: Mapping[str, tuple[str, int]], changed: date, count: int) -> bytes:
    width = 1 + sum(size for _, size in fields.values())
    start = 32 * (len(fields) + 1) + 1
    day = (changed.year - 1900, changed.month, changed.day)
    head = struct.pack("<B3BIHH17xBxx", VERSION, *day, count, start, width, CODE_PAGE)
    for name, (kind, size) in fields.items():
        head += struct.pack("<11sc4xB15x", name.encode("gbk"), kind.encode(), size)
    return head + END_OF_FIELDS


def _records(rows: Any, fields: Mapping[str, tuple[str, int]], mark: bytes) -> list[bytes]:
    parts = [_field(rows[name].combine_chunks(), size) for name, (_, size) in fields.items()]
    found: list[bytes] = pc.binary_join_element_wise(pa.scalar(mark), *parts, pa.scalar(b"")).to_pylist()
    return found


def _field(values: Any, size: int) -> pa.Array:
    """Return texts as bytes of GBK, padded with spaces."""
    encoded = [(value or "").encode("gbk") for value in values.to_pylist()]
    if any(len(each) > size for each in encoded):
        raise ValueError(f"a value does not fit into {size} bytes")
    return pa.array([each.ljust(size) for each in encoded], pa.binary())
