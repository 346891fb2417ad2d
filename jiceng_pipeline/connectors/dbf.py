"""dBase and FoxPro tables (.dbf) from a drop folder, Chinese text in GB18030, read a column at a time."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from jiceng_pipeline.connectors import base, byte_fields, columns, drop_folder
from jiceng_pipeline.connectors.base import Extract, Source
from jiceng_pipeline.connectors.byte_fields import Bytes
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.core.errors import SourceRejected

_BLOCK = 16 << 20
_HEADER, _FIELD = struct.Struct("<4xLHH20x"), struct.Struct("<11sc4xBB14x")
_FIELDS_END, _SPACE, _STAR = 13, 32, 42
_INTERNAL = "0"  # FoxPro's own column of null flags
_TEXT = "CNFDL"
_MEMO = "MGPW"  # kept in another file
_BINARY_BYTES = {"I": 4, "B": 8, "Y": 8, "T": 8}
_DAY_ZERO = 2440588  # the Julian day of 1970-01-01


class Options(Document):
    """Which table of the `folder`; one of the two."""

    file: str | None = Field(None, pattern=drop_folder.PLAIN, description="name of the file")
    files: str | None = Field(
        None, pattern=drop_folder.PLAIN, description="pattern of file names; the one that sorts last is read"
    )
    encoding: Literal["gb18030", "utf-8"] = Field("gb18030", description="of the text, strictly")

    @model_validator(mode="after")
    def _one_place(self) -> "Options":
        if (self.file is None) == (self.files is None):
            raise ValueError("file、files 须写其中一个")
        return self


@dataclass(frozen=True)
class _Column:
    """One column of a record: its name, kind, and which of the record's bytes it has."""

    name: str
    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class _Header:
    """What a table says of itself."""

    count: int
    size: int
    width: int  # of a record, its mark of deletion included
    columns: tuple[_Column, ...]


def read(source: Source, options: Options) -> Extract:
    """Return the records that are not deleted; `_row` is FoxPro's record number.

    Padding blanks are no part of a value; numbers, dates and truth values come as they stand; a memo is
    null. A record with broken characters is a Reject. Raises SourceRejected where the file is longer or
    shorter than its header says.
    """
    path = drop_folder.newest(source, options.files) if options.files else drop_folder.named(source, str(options.file))
    extract = Extract(source_bytes=path.stat().st_size)
    extract.batches = _batches(path, source, options, extract)
    return extract


def _batches(path: Path, source: Source, options: Options, extract: Extract) -> Iterator[pa.RecordBatch]:
    file = drop_folder.label(path)
    with drop_folder.reading(path) as stream:
        header = _header(stream, path, options)
        visible = [column for column in header.columns if column.kind != _INTERNAL]
        names = columns.matched([column.name for column in visible], source, file)
        found = {column.name: column for column in visible}
        extract.notes |= columns.renamed(names)
        if memos := [name for name in names.values() if found[name].kind in _MEMO]:
            extract.notes["memo"] = f"备注字段没有读取：{'、'.join(memos)}"
        step, deleted = max(1, min(base.BATCH_ROWS, _BLOCK // header.width)), 0
        for first in range(0, header.count, step):
            wanted = min(step, header.count - first)
            block = np.frombuffer(stream.read(wanted * header.width), np.uint8).reshape(wanted, header.width)
            numbers = np.arange(first + 1, first + wanted + 1)
            is_deleted = block[:, 0] == _STAR
            if not (is_deleted | (block[:, 0] == _SPACE)).all():
                raise _refused("记录开头的标记不认识，文件损坏或结构与文件头不符", path)
            deleted += int(is_deleted.sum())
            if is_deleted.any():
                block, numbers = block[~is_deleted], numbers[~is_deleted]
            values = {column: _text(found[names[column]], block, options.encoding) for column in source.columns}
            texts = {column: text for column, text in values.items() if found[names[column]].kind in _TEXT}
            rows = pa.array(numbers)
            readable = byte_fields.readable(texts, rows, file, extract)
            if pc.any(readable).as_py():
                kept = [text.filter(readable) for text in values.values()]
                yield base.batch(source.columns, file, rows.filter(readable), kept)
        extract.promised_rows = header.count - deleted
        if deleted:
            extract.notes["deleted_records"] = str(deleted)


def _header(stream: BinaryIO, path: Path, options: Options) -> _Header:
    """Return what the file says of itself, after checking it against the file's size."""
    start = stream.read(_HEADER.size)
    if len(start) < _HEADER.size:
        raise _refused("不是完整的 DBF 文件", path)
    count, size, width = _HEADER.unpack(start)
    described = stream.read(max(0, size - _HEADER.size))
    place, found = 1, []
    for at in range(0, len(described) - _FIELD.size + 1, _FIELD.size):
        if described[at] == _FIELDS_END:
            break
        name, kind, length, decimals = _FIELD.unpack_from(described, at)
        length += decimals << 8 if kind == b"C" else 0
        try:
            text = name.split(b"\0")[0].decode(options.encoding).strip()
        except UnicodeDecodeError:
            raise _refused("字段名的编码不认识", path) from None
        letter = kind.decode("latin-1")
        if letter == "B" and length != _BINARY_BYTES["B"]:
            letter = "M"  # dBase keeps pictures so
        if letter not in _TEXT + _MEMO + _INTERNAL and _BINARY_BYTES.get(letter) != length:
            raise _refused(f"字段 {text} 的类型 {letter!a} 不能读取", path)
        found.append(_Column(text, letter, place, place + length))
        place += length
    if not found or place != width or len(described) < size - _HEADER.size:
        raise _refused("不是完整的 DBF 文件，或文件头损坏", path)
    lying = (path.stat().st_size - size) // width
    if lying != count:
        raise _refused(f"文件头说有 {count} 条记录，文件里有 {max(lying, 0)} 条，文件不完整或正在写入", path)
    return _Header(count, size, width, tuple(found))


def _text(column: _Column, block: Bytes, encoding: str) -> pa.Array:
    """Return one column as text, null where its bytes are no text."""
    cells = np.ascontiguousarray(block[:, column.start : column.end])
    if column.kind in _MEMO:
        return pa.nulls(len(cells), pa.string())
    if convert := _BINARY.get(column.kind):
        return convert(cells)
    return byte_fields.text(cells, encoding)


def _integers(cells: Bytes) -> pa.Array:
    return pa.array(cells.view("<i4").ravel()).cast(pa.string())


def _doubles(cells: Bytes) -> pa.Array:
    return pa.array(cells.view("<f8").ravel()).cast(pa.string())


def _currency(cells: Bytes) -> pa.Array:
    """Return amounts kept as ten-thousandths."""
    kept = cells.view("<i8").ravel()
    whole, rest = np.divmod(np.abs(kept), 10_000)
    signs = pa.array(np.where(kept < 0, "-", "").tolist(), pa.string())
    texts = [signs, pa.array(whole).cast(pa.string()), pa.repeat(pa.scalar("."), len(kept))]
    texts.append(pc.utf8_lpad(pa.array(rest).cast(pa.string()), 4, padding="0"))
    return pc.binary_join_element_wise(*texts, "")


def _moments(cells: Bytes) -> pa.Array:
    """Return moments kept as a Julian day and milliseconds, null where there is none."""
    days, milliseconds = cells.view("<i4").astype(np.int64).T
    seconds = (days - _DAY_ZERO) * 86_400 + (milliseconds + 500) // 1000
    texts = pa.array(seconds).cast(pa.timestamp("s")).cast(pa.string())
    return pc.if_else(pa.array(days > 0), texts, pa.scalar(None, pa.string()))


_BINARY: dict[str, Callable[[Bytes], pa.Array]] = {"I": _integers, "B": _doubles, "Y": _currency, "T": _moments}


def _refused(what: str, path: Path) -> SourceRejected:
    return SourceRejected(what, where=drop_folder.label(path), cure="请重新导出，等文件写完并完整传输后再放入文件夹")
