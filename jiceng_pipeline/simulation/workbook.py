"""Excel workbooks of a million rows (ECMA-376): sheets written column by column, one after the other.

Cells hold their text themselves (`inlineStr`), so nothing has to be kept until the end.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.store import batches, whole
from jiceng_pipeline.simulation.text import Text

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PLAIN, TITLE = 0, 1  # formats
STYLES = f"""{XML}<styleSheet xmlns="{MAIN}"><fonts count="2"><font><sz val="11"/><name val="宋体"/></font>\
<font><b/><sz val="11"/><name val="宋体"/></font></fonts><fills count="2">\
<fill><patternFill patternType="none"/></fill>\
<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>\
<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="49" applyNumberFormat="1"/>\
<xf fontId="1" applyFont="1" applyAlignment="1"><alignment horizontal="center" vertical="center"/></xf></cellXfs>\
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"""
PARTS = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class Book:
    """A workbook being written, sheet by sheet."""

    def __init__(self, archive: ZipFile, day: date) -> None:
        self._archive, self._stamp = archive, (day.year, day.month, day.day, 8, 0, 0)
        self._names: list[str] = []

    @contextmanager
    def sheet(self, name: str) -> Iterator["Sheet"]:
        """Yield a new sheet to write into."""
        self._names.append(name)
        with self._open(f"xl/worksheets/sheet{len(self._names)}.xml") as out:
            sheet = Sheet(out)
            out.write(f'{XML}<worksheet xmlns="{MAIN}"><sheetData>'.encode())
            yield sheet
            merged = "".join(f'<mergeCell ref="{area}"/>' for area in sheet.merged)
            merged = f'<mergeCells count="{len(sheet.merged)}">{merged}</mergeCells>' if merged else ""
            out.write(f"</sheetData>{merged}</worksheet>".encode())

    def close(self, author: str) -> None:
        """Write what names the sheets."""
        numbers = range(1, len(self._names) + 1)
        sheets = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>'
            for n, name in zip(numbers, self._names, strict=True)
        )
        links = "".join(
            f'<Relationship Id="rId{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
        )
        types = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{TYPE}.worksheet+xml"/>' for n in numbers
        )
        relationships = f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
        creator = f"<dc:creator>{escape(author)}</dc:creator>"
        for path, content in {
            "xl/workbook.xml": f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'{relationships}{links}<Relationship Id="rId0" Type="{OFFICE}/styles" '
            'Target="styles.xml"/></Relationships>',
            "xl/styles.xml": STYLES,
            "docProps/core.xml": f'{XML}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/">{creator}</cp:coreProperties>',
            "_rels/.rels": f'{relationships}<Relationship Id="rId1" Type="{OFFICE}/officeDocument" '
            f'Target="xl/workbook.xml"/><Relationship Id="rId2" Type="{PACKAGE}/relationships/metadata/'
            'core-properties" Target="docProps/core.xml"/></Relationships>',
            "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
            f'"application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{TYPE}.styles+xml"/>{types}</Types>',
        }.items():
            with self._open(path) as out:
                out.write(content.encode())

    def _open(self, path: str) -> IO[bytes]:
        part = ZipInfo(path, self._stamp)
        part.compress_type = ZIP_DEFLATED
        return self._archive.open(part, "w", force_zip64=True)


class Sheet:
    """A sheet being written, row by row from the top."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._rows = out, 0
        self.merged: list[str] = []  # areas, A1:N1

    def line(self, cells: Sequence[str | float | None], style: int = PLAIN) -> None:
        """Write one row of texts and numbers."""
        self._rows += 1
        written = "".join(
            f'<c s="{style}"/>'
            if cell is None
            else f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
            if isinstance(cell, str)
            else f"<c><v>{cell:g}</v></c>"
            for cell in cells
        )
        self._out.write(f'<row r="{self._rows}">{written}</row>'.encode())

    def table(self, rows: Any, as_numbers: Collection[str] = ()) -> None:
        """Write a table of texts; in columns `as_numbers` what looks like a number becomes one."""
        for part in batches([rows]):
            cells = [_cells(part[name].combine_chunks(), name in as_numbers) for name in part.column_names]
            number = text.number(np.arange(self._rows + 1, self._rows + 1 + part.num_rows))
            lines = pc.binary_join_element_wise('<row r="', number, '">', *cells, "</row>", "")
            self._out.write("".join(lines.to_pylist()).encode())
            self._rows += part.num_rows


@contextmanager
def written(path: Path, day: date, author: str) -> Iterator[Book]:
    """Yield a workbook that becomes `path` when the block ends well."""
    with whole(path) as draft, ZipFile(draft, "w", ZIP_DEFLATED, compresslevel=4) as archive:
        book = Book(archive, day)
        yield book
        book.close(author)


def area(top: int, left: int, bottom: int, right: int) -> str:
    """Return an area's name, from rows and columns counted from 0: A1:N1."""
    return f"{chr(ord('A') + left)}{top + 1}:{chr(ord('A') + right)}{bottom + 1}"


def sheets_of(tables: Iterable[Any], column: str) -> dict[str, Any]:
    """Return all rows by the sheet they stand on, sheets in the order in which they first occur."""
    every = pa.concat_tables(tables).combine_chunks()
    names = pc.unique(every[column]).to_pylist()
    return {name: every.filter(pc.equal(every[column], name)) for name in names}


def _cells(values: Text, as_numbers: bool) -> Text:
    """Return cells; an empty text is an empty cell."""
    for sign, entity in PARTS.items():
        values = pc.replace_substring(values, sign, entity)
    cells = text.join('<c t="inlineStr"><is><t xml:space="preserve">', values, "</t></is></c>")
    if as_numbers:
        is_number = pc.match_substring_regex(values, r"^([1-9]\d{0,13}|\d(\.\d+)?e\+\d+)$")
        cells = pc.if_else(is_number, text.join("<c><v>", values, "</v></c>"), cells)
    return pc.if_else(pc.equal(pc.fill_null(values, ""), ""), pa.scalar("<c/>"), pc.fill_null(cells, "<c/>"))
