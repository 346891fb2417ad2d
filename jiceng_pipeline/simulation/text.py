"""Columns of text, put together without a loop over rows: joining, picking, padding, replacing."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Text: TypeAlias = pa.Array


def _whole(values: Any) -> Any:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def column(values: Any) -> Text:
    """Return strings as one Arrow array."""
    return _whole(values) if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, pa.string())


def join(*parts: Text | str) -> Text:
    """Put columns and constants together, row by row; a null anywhere gives null."""
    return _whole(pc.binary_join_element_wise(*(_whole(part) for part in parts), ""))


def pick(values: Text | Sequence[str], index: NDArray[Any]) -> Text:
    """Return values[index], where a negative index gives an empty text."""
    chosen = pc.take(column(values), pa.array(index, mask=index < 0))
    return pc.fill_null(_whole(chosen), "")


def translate(values: Text, word: Callable[[str], str]) -> Text:
    """Replace every text by `word` of it, called once for each different text."""
    encoded = pc.dictionary_encode(_whole(values))
    return pick([word(each) for each in encoded.dictionary.to_pylist()], encoded.indices.to_numpy())


def digits(values: NDArray[Any], width: int) -> Text:
    """Write whole numbers with leading zeros."""
    return pc.utf8_lpad(number(values), width, "0")


def number(values: NDArray[Any]) -> Text:
    """Write whole numbers without padding."""
    return pc.cast(pa.array(np.asarray(values, np.int64)), pa.string())


def where(mask: NDArray[np.bool_], yes: Text | str | None, no: Text | str | None) -> Text:
    """Return `yes` where the mask says so, else `no`."""
    sides = [pa.scalar(side, pa.string()) if side is None or isinstance(side, str) else side for side in (yes, no)]
    return _whole(pc.if_else(pa.array(mask), *sides))


def put(values: Text, mask: NDArray[np.bool_], replacement: Text | str | None) -> Text:
    """Return `values` with the masked rows replaced, in order, by `replacement`."""
    if replacement is None or isinstance(replacement, str):
        replacement = pa.scalar(replacement, pa.string())
    return pc.replace_with_mask(_whole(values), pa.array(mask), replacement)


def day(dates: NDArray[np.datetime64], pattern: str = "%Y-%m-%d") -> Text:
    """Write days; not-a-time gives null."""
    return pc.strftime(pa.array(dates.astype("datetime64[D]")), pattern)


def moment(moments: NDArray[np.datetime64], separator: str = " ") -> Text:
    """Write instants to the second: `2026-11-24 08:30:00`."""
    return pc.strftime(pa.array(moments.astype("datetime64[s]")), f"%Y-%m-%d{separator}%H:%M:%S")


def characters(values: Text, width: int) -> NDArray[np.uint8]:
    """Return ASCII texts of equal width as a matrix, one row a text."""
    raw = np.asarray(values.to_numpy(zero_copy_only=False), dtype=f"S{width}")
    return np.frombuffer(raw.tobytes(), np.uint8).reshape(-1, width).copy()


def from_characters(matrix: NDArray[np.uint8]) -> Text:
    """Return the rows of a matrix of ASCII codes as texts."""
    width = matrix.shape[1]
    return pc.cast(pa.array(np.ascontiguousarray(matrix).view(f"S{width}").ravel()), pa.string())


def hexadecimal(numbers: NDArray[np.int64]) -> Text:
    """Write numbers as sixteen hex digits."""
    octets = numbers.astype(">u8").view(np.uint8).reshape(-1, 8)
    nibbles = np.stack([octets >> 4, octets & 15], axis=2).reshape(-1, 16)
    return from_characters(np.frombuffer(b"0123456789abcdef", np.uint8)[nibbles])
