"""Fixed-width text as mainframes write it: one line a record, fields by width in bytes, gzip or plain."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, model_validator

from jiceng_pipeline.connectors import base, byte_fields, drop_folder
from jiceng_pipeline.connectors.base import Extract, Reject, Source
from jiceng_pipeline.connectors.byte_fields import Bytes
from jiceng_pipeline.connectors.gzipped import Unpacked
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.core.errors import DefinitionError, SourceRejected

_LINE_FEED, _RETURN = 10, 13
_MAX_LINE = 1 << 20
_MAX_DIGITS = 15  # of a count


class Options(Document):
    """Which file of the `folder`, and how its lines are cut."""

    files: str = Field(pattern=drop_folder.PLAIN, description="pattern of file names; the one that sorts last is read")
    fields: dict[str, int] = Field(min_length=1, description="column → width in bytes, the mark not counted")
    record_mark: str = Field("D", min_length=1, description="what every record line begins with")
    header_mark: str | None = Field(None, min_length=1, description="what the first line begins with")
    trailer_mark: str | None = Field(
        None, min_length=1, description="what the last line begins with; then the count of records"
    )
    encoding: Literal["gb18030", "utf-8"] = Field("gb18030", description="of the text, strictly")

    @model_validator(mode="after")
    def _consistent(self) -> "Options":
        marks = [mark for mark in (self.record_mark, self.header_mark, self.trailer_mark) if mark]
        if any(a.startswith(b) for a, b in permutations(marks, 2)) or not all(map(str.isascii, marks)):
            raise ValueError("record_mark、header_mark、trailer_mark 须是互不为前缀的 ASCII 字符")
        if min(self.fields.values()) < 1:
            raise ValueError("fields 的宽度须大于 0")
        return self

    @property
    def line_bytes(self) -> int:
        """Return the length of a record line without its line end."""
        return len(self.record_mark) + sum(self.fields.values())


def read(source: Source, options: Options) -> Extract:
    """Return the newest file's records; `_row` is the line's number in the file, header included.

    Padding blanks are no part of a value. A record of the wrong length or with broken characters is a
    Reject; a file without its trailer, or whose trailer counts other than its records, is refused.
    """
    if set(options.fields) != set(source.columns):
        raise DefinitionError(
            "fields 与登记的列不一致", where=f"合同 {source.system}", cure="让 fields 与 columns、ignored 的列一致"
        )
    path = drop_folder.newest(source, options.files)
    extract = Extract(source_bytes=path.stat().st_size)
    extract.batches = _batches(path, source, options, extract)
    return extract


def _batches(path: Path, source: Source, options: Options, extract: Extract) -> Iterator[pa.RecordBatch]:
    name = drop_folder.label(path)
    with drop_folder.reading(path) as stream:
        roll = _Roll(name, options, extract)
        size = base.BATCH_ROWS * (options.line_bytes + 2)
        for block in _blocks(Unpacked(stream, name), size, name):
            lines, numbers = roll.records(np.frombuffer(block, np.uint8))
            rows, values = _cut(lines, numbers, name, options, extract)
            if len(rows):
                yield base.batch(source.columns, name, rows, [values[column] for column in source.columns])
        extract.promised_rows = roll.promised_count()


def _blocks(stream: Unpacked, size: int, name: str) -> Iterator[bytes]:
    """Yield whole lines, about `size` bytes at a time; every one ends with a line feed."""
    rest = b""
    while block := stream.read(size):
        block = rest + block
        cut = block.rfind(b"\n") + 1
        rest = block[cut:]
        if len(rest) > _MAX_LINE:
            raise SourceRejected("有超过 1 MB 的行，不是定长文本", where=name, cure="请按约定格式重新导出")
        if cut:
            yield block[:cut]
    if rest.strip(b"\x1a"):  # DOS wrote its end mark there
        yield rest + b"\n"


@dataclass
class _Roll:
    """One file being read: which lines are records, and whether header and trailer agree with them."""

    name: str
    options: Options
    extract: Extract
    lines: int = 0
    counted: int = 0
    promised: int | None = None
    broken: int = 0  # the last record line of a wrong length
    has_whole: bool = False

    def records(self, block: Bytes) -> tuple[Bytes, npt.NDArray[np.int64]]:
        """Return the block's records, one a row of bytes without the mark, and their line numbers."""
        ends = np.flatnonzero(block == _LINE_FEED)
        starts = np.concatenate(([0], ends[:-1] + 1))
        lengths = ends - starts
        lengths -= (lengths > 0) & (block[ends - 1] == _RETURN)
        numbers = np.arange(self.lines + 1, self.lines + len(ends) + 1)
        self.lines += len(ends)
        if self.promised is not None and lengths.any():
            raise self._refused("结尾行之后还有内容，可能是两份文件拼在一起", numbers[0])

        is_record = _begins(block, starts, lengths, self.options.record_mark)
        is_whole = is_record & (lengths == self.options.line_bytes)
        self.has_whole |= bool(is_whole.any())
        if is_record.any() and not self.has_whole:
            usual = np.bincount(lengths[is_record]).argmax()
            raise self._refused(
                f"每行应为 {self.options.line_bytes} 字节，实际多为 {usual} 字节，列宽可能改了", numbers[is_record][0]
            )
        if self.options.header_mark and numbers[0] == 1 and is_record[0]:
            raise self._refused("没有开头行，文件不完整", 1)
        self.counted += int(is_record.sum())
        for place in np.flatnonzero(~is_whole & (lengths > 0)):
            line = block[starts[place] : starts[place] + lengths[place]].tobytes()
            if is_record[place]:
                self._reject(int(numbers[place]), len(line))
            else:
                self._other(int(numbers[place]), line, is_last=not lengths[place + 1 :].any())

        width = self.options.line_bytes
        if not is_whole.any():
            return np.empty((0, width), np.uint8), numbers[:0]
        windows = np.lib.stride_tricks.sliding_window_view(block, width)
        return windows[starts[is_whole]][:, len(self.options.record_mark) :], numbers[is_whole]

    def promised_count(self) -> int | None:
        """Return the trailer's count; raise SourceRejected where it or the records are missing."""
        if self.options.trailer_mark and self.promised is None:
            raise self._refused("没有结尾行，文件不完整", self.lines)
        if self.promised is not None and self.promised != self.counted:
            raise self._refused(f"结尾行说有 {self.promised} 条，文件里有 {self.counted} 条", self.lines)
        return self.promised

    def _reject(self, number: int, length: int) -> None:
        self.broken = number
        reason = f"行长应为 {self.options.line_bytes} 字节，实为 {length} 字节"
        self.extract.rejects.append(Reject(self.name, number, reason))

    def _other(self, number: int, line: bytes, *, is_last: bool) -> None:
        """Take a line that is no record: header, trailer, or the rest of a record broken in two."""
        header, trailer = self.options.header_mark, self.options.trailer_mark
        if header and number == 1 and line.startswith(header.encode()):
            if (stamp := line[len(header) :].strip()).isdigit():
                self.extract.notes["header"] = stamp.decode()
        elif trailer and line.startswith(trailer.encode()):
            count = line[len(trailer) :].strip()
            if not count.isdigit() or len(count) > _MAX_DIGITS:
                raise self._refused("结尾行的条数不是数字", number)
            if not is_last:
                raise self._refused("结尾行之后还有内容，可能是两份文件拼在一起", number + 1)
            self.promised = int(count)
        elif self.broken and self.broken == number - 1:
            self.broken = number
        else:
            raise self._refused("行首标记不认识", number)

    def _refused(self, what: str, number: int) -> SourceRejected:
        return SourceRejected(
            what, where=f"{self.name} 第 {number} 行", cure="请按约定格式重新导出，完整传输后放入文件夹"
        )


def _begins(
    block: Bytes, starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64], mark: str
) -> npt.NDArray[np.bool_]:
    """Return which lines begin with `mark`."""
    found = lengths >= len(mark)
    for place, letter in enumerate(mark.encode()):
        found &= block[np.minimum(starts + place, len(block) - 1)] == letter
    return found


def _cut(
    lines: Bytes, numbers: npt.NDArray[np.int64], name: str, options: Options, extract: Extract
) -> tuple[pa.Array, dict[str, pa.Array]]:
    """Return line numbers and column → text of the records that can be read, and reject the others."""
    values, start = {}, 0
    for column, width in options.fields.items():
        values[column] = byte_fields.text(lines[:, start : start + width], options.encoding)
        start += width
    rows = pa.array(numbers)
    if not any(text.null_count for text in values.values()):
        return rows, values
    readable = byte_fields.readable(values, rows, name, extract)
    return rows.filter(readable), {column: text.filter(readable) for column, text in values.items()}
