"""Excel workbooks people keep by hand: titles above the header, a sheet for each township, totals below."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from jiceng_pipeline.connectors import base, columns, drop_folder, workbook
from jiceng_pipeline.connectors.base import Extract, Source
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.core.errors import SourceRejected

HEADER_WITHIN = 50  # rows; titles above a header take a few


class Options(Document):
    """Which workbook or workbooks of the `folder`, which sheets, and how to know header and footer."""

    file: str | None = Field(None, pattern=drop_folder.PLAIN, description="name of the file")
    files: str | None = Field(
        None, pattern=drop_folder.PLAIN, description="pattern of file names; all are read: one a district, for example"
    )
    sheets: Literal["every", "first"] | list[str] = Field("first", description="every, first (not hidden), or names")
    sheet_column: str | None = Field(None, description="column that takes the sheet's name")
    header_contains: list[str] = Field(min_length=1, description="the first row with all of these is the header")
    header_rows: int = Field(1, ge=1, le=3, description="rows the header has; merged parts are joined: 学籍/年级")
    end_rows: list[str] = Field([], description="a row whose first text begins so is a total or a signature")

    @model_validator(mode="after")
    def _one_place(self) -> "Options":
        if (self.file is None) == (self.files is None):
            raise ValueError("file、files 须写其中一个")
        return self


def read(source: Source, options: Options) -> Extract:
    """Return the rows below each sheet's header; `_row` is Excel's own row number.

    Blank rows, rows of `end_rows` and notes below them, and a header that comes again on every printed page, are
    left out and counted in `notes`. Raises SourceRejected for a file that is no workbook or swells when unpacked,
    a visible sheet without the header, an unknown or missing column, and text in a column without a name.
    """
    paths = (
        drop_folder.every(source, options.files) if options.files else [drop_folder.named(source, str(options.file))]
    )
    for path in paths:
        workbook.check_size(path)
    extract = Extract(source_bytes=sum(path.stat().st_size for path in paths))
    extract.batches = _of_every(paths, source, options, extract)
    return extract


def _of_every(paths: Sequence[Path], source: Source, options: Options, extract: Extract) -> Iterator[pa.RecordBatch]:
    """Yield the batches of one workbook after the other; who stops half-way closes the one being read."""
    for path in paths:
        yield from _batches(path, source, options, extract)


def _batches(path: Path, source: Source, options: Options, extract: Extract) -> Iterator[pa.RecordBatch]:
    wanted = options.sheets if isinstance(options.sheets, str) else json.dumps(options.sheets)
    with closing(workbook.batches(path, wanted)) as received:
        for name, batches in groupby(received, lambda batch: batch.schema.metadata[b"sheet"].decode()):
            yield from _sheet(batches, f"{drop_folder.label(path)}#{name}", name, source, options, extract)


def _sheet(
    batches: Iterator[pa.RecordBatch], label: str, name: str, source: Source, options: Options, extract: Extract
) -> Iterator[pa.RecordBatch]:
    header: list[str] | None = None
    names: dict[str, str] = {}
    footer = _Footer(options.end_rows)
    for batch in batches:
        below = batch
        if header is None:
            place, header = _header(batch, source, options)
            if header is None and batch.schema.metadata[b"hidden"]:
                extract.notes["hidden_sheets"] = f"{extract.notes.get('hidden_sheets', '')} {name}".strip()
                return
            if header is None:
                raise SourceRejected(
                    f"前 {HEADER_WITHIN} 行里找不到表头（{'、'.join(options.header_contains)}）",
                    where=label,
                    cure="请恢复原来的表头行；不是数据的工作表请另存到别的文件",
                )
            below = batch.slice(place + 1)
            found = [cell for cell in header if cell]
            found += [options.sheet_column] if options.sheet_column else []
            names = columns.matched(found, source, label)
            extract.notes |= columns.renamed(names)
        rows = _without_header(footer.without(below, extract), header, extract)
        _refuse_unnamed(rows, header, label)
        if rows.num_rows:
            own = pa.repeat(pa.scalar(name), rows.num_rows)
            values = [
                own if column == options.sheet_column else rows.column(1 + header.index(names[column]))
                for column in source.columns
            ]
            yield base.batch(source.columns, label, rows.column(0), values)


def _header(batch: pa.RecordBatch, source: Source, options: Options) -> tuple[int, list[str] | None]:
    """Return where the last header row is and the names, all white space taken out of them."""
    wanted = {source.renames.get(name, name) for name in options.header_contains}
    head = list(zip(*(column.to_pylist() for column in batch.slice(0, HEADER_WITHIN).columns[1:]), strict=True))
    for last in range(options.header_rows - 1, len(head)):
        cells = _joined(head[last - options.header_rows + 1 : last + 1])
        if wanted <= {source.renames.get(cell, cell) for cell in cells}:
            return last, cells
    return 0, None


def _joined(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one name a column: what stands above it, then its own; a merged cell stands above all it covers."""
    *above, own = [["".join(cell.split()) for cell in row] for row in rows]
    for row in above:
        for place in range(1, len(row)):
            row[place] = row[place] or (row[place - 1] if own[place] else "")
    return ["/".join(dict.fromkeys(part for part in parts if part)) for parts in zip(*above, own, strict=True)]


def _without_header(rows: pa.RecordBatch, header: Sequence[str], extract: Extract) -> pa.RecordBatch:
    """Return `rows` without those that say the header's last row again."""
    again = np.ones(rows.num_rows, bool)
    for cells, name in zip(rows.columns[1:], header, strict=True):
        if name and again.any():
            own = pc.replace_substring_regex(cells, r"[\s\x{3000}]+", "")
            is_name = pc.fill_null(pc.equal(own, name.rpartition("/")[2]), fill_value=False)
            again &= is_name.to_numpy(zero_copy_only=False)
    if not again.any():
        return rows
    extract.notes["header_rows"] = str(int(extract.notes.get("header_rows", 0)) + int(again.sum()))
    return rows.filter(pa.array(~again))


def _refuse_unnamed(rows: pa.RecordBatch, header: Sequence[str], label: str) -> None:
    for place, name in enumerate(header):
        if not name and pc.any(_is_filled(rows.column(1 + place))).as_py():
            raise SourceRejected(
                f"第 {_letters(place)} 列没有表头却有内容", where=label, cure="请补上表头，或删去这一列的内容"
            )


def _is_filled(cells: pa.Array) -> pa.Array:
    return pc.not_equal(pc.utf8_trim_whitespace(cells), "")


def _letters(place: int) -> str:
    """Return Excel's name of the column at `place`, counted from 0."""
    return (_letters(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)


class _Footer:
    """The totals, signatures and notes below one sheet's table."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words, self._begun = words, False

    def without(self, rows: pa.RecordBatch, extract: Extract) -> pa.RecordBatch:
        """Return `rows` without footer rows: those that begin with a word, and single cells below them."""
        if not self._words or not rows.num_rows:
            return rows
        filled = [_is_filled(cells) for cells in rows.columns[1:]]
        first = pc.coalesce(
            *(pc.if_else(is_filled, cells, None) for is_filled, cells in zip(filled, rows.columns[1:], strict=True))
        )
        first = pc.fill_null(pc.replace_substring_regex(first, r"[\s\x{3000}]+", ""), "")
        is_end = np.any([pc.starts_with(first, word).to_numpy(zero_copy_only=False) for word in self._words], axis=0)
        below = np.logical_or.accumulate(is_end) | self._begun
        single = np.sum([cells.to_numpy(zero_copy_only=False) for cells in filled], axis=0) <= 1
        is_footer = is_end | (below & single)
        self._begun = bool(below[-1])
        if skipped := int(is_footer.sum()):
            extract.notes["footer_rows"] = str(int(extract.notes.get("footer_rows", 0)) + skipped)
        return rows.filter(pa.array(~is_footer))
