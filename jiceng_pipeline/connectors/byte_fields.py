"""Fields of fixed width, a block of bytes each, as text: decoded a column at a time, not a value at a time."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.connectors.base import Extract, Reject

_LINE_FEED, _SPACE = 10, 32
_ASCII = 128
Bytes = npt.NDArray[np.uint8]


def text(cells: Bytes, encoding: str) -> pa.Array:
    """Return one field as text without its padding, null where its bytes are no text.

    All rows are decoded in one call, a line feed between them, and cut again by where it stands.
    """
    count, width = cells.shape
    if not cells.all():
        cells = np.where(cells == 0, np.uint8(_SPACE), cells)  # some programs pad with zeros
    if not count or cells.max() < _ASCII:
        offsets = np.arange(count + 1, dtype=np.int32) * width
        return pc.ascii_trim(_strings(offsets, np.ascontiguousarray(cells)), characters=" ")
    filled = cells != _SPACE
    used = np.where(filled.any(axis=1), width - filled[:, ::-1].argmax(axis=1), 0)
    if (cells == _LINE_FEED).any():
        return _one_by_one([cell[:end].tobytes() for cell, end in zip(cells, used, strict=True)], encoding)
    lined = np.full((count, width + 1), _LINE_FEED, np.uint8)
    lined[:, :width] = cells
    keep = np.arange(width + 1) < used[:, None]
    keep[:, width] = True
    joined = lined[keep].tobytes()
    try:
        plain = np.frombuffer(joined.decode(encoding).encode(), np.uint8)
    except UnicodeDecodeError:
        return _one_by_one(joined.split(b"\n")[:-1], encoding)
    breaks = np.flatnonzero(plain == _LINE_FEED)
    offsets = np.concatenate(([0], breaks - np.arange(count))).astype(np.int32)
    return pc.utf8_trim(_strings(offsets, plain[plain != _LINE_FEED]), characters=" ")


def readable(values: Mapping[str, pa.Array], rows: pa.Array, file: str, extract: Extract) -> pa.Array:
    """Return which rows have text in all their fields; the others become rejects, one a row."""
    good = pa.array(np.ones(len(rows), bool))
    for column, texts in values.items():
        if not texts.null_count:
            continue
        found = pc.and_(good, texts.is_null())
        extract.rejects += [
            Reject(file, row, f"“{column}”有不能识别的字节（编码损坏，或半个汉字）")
            for row in rows.filter(found).to_pylist()
        ]
        good = pc.and_not(good, found)
    return good


def _strings(offsets: npt.NDArray[np.int32], data: Bytes) -> pa.Array:
    return pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))


def _one_by_one(cells: Iterable[bytes], encoding: str) -> pa.Array:
    return pc.utf8_trim(pa.array([_strict(cell, encoding) for cell in cells], pa.string()), characters=" ")


def _strict(cell: bytes, encoding: str) -> str | None:
    try:
        return cell.decode(encoding)
    except UnicodeDecodeError:
        return None
