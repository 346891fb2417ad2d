"""Delimited text (CSV, TSV) from a drop folder or an HTTP export, read by rule: nothing about it is guessed."""

import csv
import re
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow
from pydantic import Field

from jiceng_pipeline.connectors import base, columns, delimited_cut, delivery
from jiceng_pipeline.connectors.ahead import ahead
from jiceng_pipeline.connectors.base import UNENDED, Extract, Reject, Source
from jiceng_pipeline.connectors.delimited_cut import LONGEST, Places, Records
from jiceng_pipeline.core.errors import SourceRejected
from jiceng_pipeline.core.redaction import redacted

MAX_BROKEN = 1000  # lines with stray quotes; more is another format, and slow to take apart
_BLOCK = 512 << 10  # what stays in the processor's cache while it is cut
_AHEAD = 8  # blocks: writing a row group takes as long as reading several
_RETURN = 13
_Rows = tuple[list[pa.RecordBatch], list[Reject]]
_CHARACTER = r"^[\t -~\x01-\x08]$"


class Options(delivery.Place):
    """Which file, how its cells are told apart, and what stands above and below them."""

    delimiter: str = Field(",", pattern=_CHARACTER, description="what stands between cells; a tab is \\t in quotes")
    quote: str | None = Field('"', pattern=_CHARACTER, description="what cells may stand in; null: nothing does")
    skip_rows: int = Field(0, ge=0, le=100, description="lines above the header")
    header: list[str] | None = Field(None, min_length=1, description="the columns of a file without a header line")
    trailer_mark: str | None = Field(
        None, min_length=1, description="what the last line begins with; a number in it is the count of records"
    )


def read(source: Source, options: Options) -> Extract:
    """Return the records; `_row` is the line of the file on which each begins.

    A cell in quotes without content is '', one without anything is null. A record with too many or too few
    cells, or with a quote where none may stand, is a Reject. Raises SourceRejected for bytes that are no
    text of the encoding, a NUL, a file that ends inside a record, a header that comes twice, and text in a column
    without a name.
    """
    extract = Extract()
    extract.batches = _batches(source, options, extract)
    return extract


def _batches(source: Source, options: Options, extract: Extract) -> Iterator[pa.RecordBatch]:
    with delivery.opened(source, options) as delivered:
        extract.source_bytes = delivered.size
        table = _Table(source, options, extract, delivered.name)
        texts = delivery.texts(delivered, options.encoding, _BLOCK)
        with closing(ahead(_taken(texts, table), _AHEAD)) as taken:
            for batches, rejects in taken:
                extract.rejects += rejects
                yield from batches
        table.finish()


def _taken(texts: Generator[bytes, None, None], table: "_Table") -> Generator[_Rows, None, None]:
    """Yield what is in each block of the file; `table` belongs to this thread until the last."""
    rest, skip = b"", table.options.skip_rows
    with closing(texts):
        for text in texts:
            rest += text
            while skip and (line := rest.find(b"\n") + 1):
                rest, skip, table.lines = rest[line:], skip - 1, table.lines + 1
            if not skip:
                used, batches = table.rows(rest, is_last=False)
                rest = rest[used:]
                if len(rest) > LONGEST:
                    raise table.refused("有超过 1 MB 的行，不是约定的格式", table.lines + 1)
                yield batches, table.rejected()
        if rest and not skip:
            _, batches = table.rows(rest, is_last=True)
            yield batches, table.rejected()


@dataclass
class _Table:
    """One file being read: the header it has, how far it is read, and what its trailer promises."""

    source: Source
    options: Options
    extract: Extract
    name: str
    lines: int = 0
    counted: int = 0
    broken: int = 0
    promised: int | None = None
    has_ended: bool = False
    header: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)  # of the promised columns in a record
    rejects: list[Reject] = field(default_factory=list)  # not handed over yet

    def __post_init__(self) -> None:
        if self.options.header:
            self._take(self.options.header)

    def rows(self, block: bytes, *, is_last: bool) -> tuple[int, list[pa.RecordBatch]]:
        """Return how many bytes of the block are dealt with, and the rows in them."""
        if not is_last and (even := self._even_rows(block)):
            return even
        is_cut_off = is_last and not block.endswith((b"\n", b"\r"))
        if is_cut_off:  # many write no line end there; who always did and now does not was cut off
            self.extract.notes[UNENDED] = "最后一行没有换行"
        block += b"\n" if is_last and not block.endswith(b"\n") else b""
        found = delimited_cut.cut(block, self.options.delimiter, self.options.quote, MAX_BROKEN)
        self._reject(found.broken, "引号的位置不对：单元格里的引号须成对写，单元格须整个放在引号里")
        self.broken += len(found.broken)
        if self.broken > MAX_BROKEN:
            raise self.refused(f"引号位置不对的行超过 {MAX_BROKEN} 行", self.lines + int(found.broken[-1]) + 1)
        if is_last and found.used < len(block):
            raise self.refused("文件在引号里面结束：不完整，或多了一个引号", self.lines + found.lines_used + 1)
        data = np.frombuffer(block, np.uint8)
        kept = self._without_blank(data, found)
        if not self.header and len(kept):
            self._take(self._cells(block, found, kept[0]))
            kept = kept[1:]
        kept = self._without_trailer(block, data, found, kept)
        self.counted += len(kept)
        if is_cut_off and len(kept) and found.cells[kept[-1]] < len(self.header):
            raise self.refused("最后一行不完整，文件被截断", self.lines + int(found.lines[kept[-1]]) + 1)
        kept = self._without_ragged(found, kept)
        batches = [self._batch(block, found, kept)] if len(kept) else []
        self.lines += found.lines_used
        return found.used, batches

    def _even_rows(self, block: bytes) -> tuple[int, list[pa.RecordBatch]] | None:
        """Return what `rows` does, cheaper, where each line of the block is a record with nothing wrong about it."""
        used = block.rfind(b"\n") + 1
        if len(self.header) < 2 or not used or len(block) > LONGEST or self._may_end(block):
            return None
        lines = delimited_cut.even_lines(block[:used], self.options.delimiter, self.options.quote)
        try:
            table = self._parsed(memoryview(block)[:used]) if lines else None
        except pa.ArrowInvalid:  # lines with another number of cells
            return None
        if table is None or table.num_rows != lines:  # a cell of several lines
            return None
        batch = self._batch_of(table, np.arange(lines))
        self.lines += lines
        self.counted += lines
        return used, [batch]

    def _may_end(self, block: bytes) -> bool:
        mark = (self.options.trailer_mark or "").encode()
        return self.has_ended or bool(mark and (block.startswith(mark) or b"\n" + mark in block))

    def rejected(self) -> list[Reject]:
        """Hand over the rejects found since the last time."""
        found, self.rejects = self.rejects, []
        return found

    def finish(self) -> None:
        """See whether trailer and records agree."""
        if self.options.trailer_mark and not self.has_ended:
            raise self.refused("没有结尾行，文件不完整", self.lines)
        counted = self.counted + self.broken
        if self.promised not in (None, counted):
            raise self.refused(f"结尾行说有 {self.promised} 条，文件里有 {counted} 条", self.lines)
        self.extract.promised_rows = self.promised

    def refused(self, what: str, line: int) -> SourceRejected:
        """Return the error that stops this delivery at a line of it."""
        return SourceRejected(what, where=f"{self.name} 第 {line} 行", cure=delivery.CURE)

    def _take(self, header: list[str]) -> None:
        self.header = ["".join(name.split()) for name in header]
        named = [name for name in self.header if name]
        names = columns.matched(named, self.source, f"{self.name} 第 {self.lines + 1} 行")
        self.extract.notes |= columns.renamed(names)
        self.places = [self.header.index(names[column]) for column in self.source.columns]

    def _cells(self, block: bytes, found: Records, record: np.int64) -> list[str]:
        text = block[found.starts[record] : found.ends[record]].decode().rstrip("\r\n")
        if self.options.quote is None:
            return text.split(self.options.delimiter)
        return next(csv.reader([text], delimiter=self.options.delimiter, quotechar=self.options.quote))

    def _without_blank(self, data: npt.NDArray[np.uint8], found: Records) -> Places:
        lengths = found.ends - found.starts
        first = data[np.minimum(found.starts, max(len(data) - 1, 0))] if len(data) else lengths
        return np.flatnonzero((lengths > 2) | ((lengths == 2) & (first != _RETURN)))

    def _without_trailer(self, block: bytes, data: npt.NDArray[np.uint8], found: Records, kept: Places) -> Places:
        if not self.options.trailer_mark:
            return kept
        mark = self.options.trailer_mark.encode()
        begins = data[found.starts[kept]] == mark[0]
        for place in kept[begins] if not self.has_ended else kept[:0]:
            line = block[found.starts[place] : found.ends[place]]
            if line.startswith(mark):
                self.has_ended = True
                if number := re.search(rb"\d{1,15}", line[len(mark) :]):
                    self.promised = int(number[0])
                if place != kept[-1]:
                    raise self._doubled(found, place + 1)
                return kept[:-1]
        if self.has_ended and len(kept):
            raise self._doubled(found, kept[0])
        return kept

    def _doubled(self, found: Records, record: np.int64) -> SourceRejected:
        line = self.lines + int(found.lines[record]) + 1
        return self.refused("结尾行之后还有内容，可能是两份文件拼在一起", line)

    def _without_ragged(self, found: Records, kept: Places) -> Places:
        right = len(self.header)
        cells = found.cells[kept]
        for count in np.unique(cells[cells != right]):
            self._reject(found.lines[kept[cells == count]], f"应有 {right} 列，实有 {count} 列")
        kept = kept[cells == right]
        too_long = found.ends[kept] - found.starts[kept] > LONGEST
        self._reject(found.lines[kept[too_long]], "一条记录超过 1 MB")
        return kept[~too_long]

    def _reject(self, lines: Places, reason: str) -> None:
        self.rejects += [Reject(self.name, self.lines + int(line) + 1, reason) for line in lines]

    def _batch(self, block: bytes, found: Records, kept: Places) -> pa.RecordBatch:
        starts, ends = found.starts[kept], found.ends[kept]
        seams = np.flatnonzero(starts[1:] != ends[:-1]) + 1
        firsts, lasts = starts[np.r_[0, seams]], ends[np.r_[seams - 1, len(ends) - 1]]
        view = memoryview(block)
        text = (
            view[firsts[0] : lasts[0]]
            if not len(seams)
            else b"".join(view[first:last] for first, last in zip(firsts, lasts, strict=True))
        )
        try:
            table = self._parsed(text)
        except pa.ArrowInvalid as error:
            raise self.refused(f"格式与约定不同（{redacted(error)}）", self.lines + 1) from None
        if table.num_rows != len(kept):
            raise self.refused("行数对不上，格式与约定不同", self.lines + 1)
        return self._batch_of(table, found.lines[kept])

    def _batch_of(self, table: pa.Table, lines: Places) -> pa.RecordBatch:
        values = [_whole(table.column(place)) for place in self.places]
        batch = base.batch(self.source.columns, self.name, pa.array(self.lines + lines + 1), values)
        self._refuse_header(table, batch)
        self._refuse_unnamed(table, batch)
        return batch

    def _parsed(self, text: bytes | memoryview) -> pa.Table:
        names = [str(place) for place in range(len(self.header))]
        return arrow.read_csv(
            pa.BufferReader(pa.py_buffer(text)),
            read_options=arrow.ReadOptions(column_names=names, block_size=len(text) + 1, use_threads=False),
            parse_options=arrow.ParseOptions(
                delimiter=self.options.delimiter,
                quote_char=self.options.quote or False,
                newlines_in_values=True,
                ignore_empty_lines=False,
            ),
            convert_options=arrow.ConvertOptions(
                check_utf8=False,  # a codec of Python's made it
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )

    def _refuse_header(self, table: pa.Table, batch: pa.RecordBatch) -> None:
        """Refuse a file in which the header comes again: two files put together."""
        again = pc.equal(table.column(0), self.header[0])
        if pc.any(again).as_py():
            for row, line in zip(
                table.filter(again).to_pylist(), batch[base.ROW].filter(again).to_pylist(), strict=True
            ):
                if [cell or "" for cell in row.values()] == self.header:
                    raise self.refused("表头又出现了一次，像是两份文件拼在一起", line)

    def _refuse_unnamed(self, table: pa.Table, batch: pa.RecordBatch) -> None:
        """Refuse text in a column without a name; many programs write a delimiter behind the last cell too."""
        for place in (place for place, name in enumerate(self.header) if not name):
            filled = pc.not_equal(pc.utf8_trim_whitespace(table.column(place)), "").fill_null(False)
            if pc.any(filled).as_py():
                line = batch[base.ROW].filter(_whole(filled))[0].as_py()
                raise self.refused(f"第 {place + 1} 列没有表头却有内容", line)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array; `combine_chunks` copies also where there is one chunk only."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
