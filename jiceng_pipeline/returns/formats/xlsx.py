"""Excel workbook: the rows in words, ready to print, and a sheet that says what they are and whence.

Every text is a string cell in text format, so that no number loses a digit and nothing becomes a
formula or a link. Nothing goes through temporary files.
"""

import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import xlsxwriter

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.returns import explanation, marks
from jiceng_pipeline.returns.cut import Cut
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.standard.register import Element

_BATCH = 10_000
_MOST_ROWS = 1_048_575  # of a sheet, below the headers
_LONGEST_TEXT = 32_767  # what a cell holds
_FIRST_DAY = date(1900, 3, 1)  # Excel counts no days before 1900 and one too many in February
_WIDTHS = {
    "citizen_id": 20, "credit_code": 20, "phone": 13, "name": 10, "organisation_name": 30, "address": 32,
    "date": 11, "decimal": 11, "degrees": 12, "integer": 7, "boolean": 7, "division": 13,
}  # fmt: skip
_KEY_WIDTH = 9  # a key is looked up or sent back, not read
_LINE_HEIGHT = 15
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}
_HEADER = {"bold": True, "bg_color": "#DDE7F0", "border": 1, "text_wrap": True, "valign": "vcenter", "align": "center"}

_MARKED = {"bg_color": "#FFF2CC"}
_COMMENT = {"author": "", "font_size": 10, "x_scale": 1.6}


class _Formats(NamedTuple):
    """How a text, a day and a number stand in a cell."""

    text: Any
    day: Any
    number: Any

    @classmethod
    def of(cls, book: Any, look: dict[str, str]) -> "_Formats":
        """Return the formats of cells that look so."""
        return cls(
            book.add_format({"num_format": "@", **look}),
            book.add_format({"num_format": "yyyy-mm-dd", **look}),
            book.add_format(look) if look else None,
        )


def write(cut: Cut, path: Path) -> int:
    """Write the workbook and return how many rows it has; raise UsageError for more than a sheet holds."""
    if cut.rows > _MOST_ROWS:
        raise UsageError(
            f"有 {cut.rows:,} 行，一张工作表放不下",
            where=explanation.title(cut),
            cure="改用 csv 或 parquet，或按乡镇分开取",
        )
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, _OPTIONS)
    book.set_properties({"title": explanation.title(cut), "subject": cut.access.receipt, "comments": cut.watermark})
    rows = _rows(book, cut)
    _explain(book, cut, rows)
    book.close()
    path.write_bytes(buffer.getbuffer())
    return rows


def _rows(book: Any, cut: Cut) -> int:
    sheet = book.add_worksheet(cut.dataset.title[:31])
    plain, marked, header = _Formats.of(book, {}), _Formats.of(book, _MARKED), book.add_format(_HEADER)
    sheet.set_row(0, 2 * _LINE_HEIGHT)
    for column, element in enumerate(cut.elements):
        # what this profile never shows stays a column for whoever compares files, out of the reader's way
        sheet.set_column(column, column, _width(element), None, {"hidden": cut.is_empty(element)})
        sheet.write_string(0, column, element.title, header)
    names = [each.id for each in cut.elements]
    named = marks.key(cut.dataset)
    place = names.index(named) if named in names else None
    told, rows = cut.marks if place is not None else {}, 0
    result = cut.connection.execute(cut.words())
    while batch := result.fetchmany(_BATCH):
        for row in batch:
            rows += 1
            said = told.get(str(row[place]), {}) if place is not None else {}
            _row(sheet, rows, row, [marked if name in said else plain for name in names])
            for name, words in said.items():
                sheet.write_comment(rows, names.index(name), words, _COMMENT)
    _for_paper(sheet, cut, rows)
    return rows


def _row(sheet: Any, number: int, row: tuple[object, ...], formats: Sequence["_Formats"]) -> None:
    for column, (value, of) in enumerate(zip(row, formats, strict=True)):
        if value is None:
            continue
        if isinstance(value, str):
            sheet.write_string(number, column, value[:_LONGEST_TEXT], of.text)
        elif isinstance(value, date):
            if value >= _FIRST_DAY:
                sheet.write_datetime(number, column, value, of.day)
            else:
                sheet.write_string(number, column, value.isoformat(), of.text)
        else:
            sheet.write_number(number, column, float(value) if isinstance(value, Decimal) else value, of.number)


def _width(element: Element) -> int:
    """Return a column's width in characters of a digit's size; a Chinese character takes two."""
    if element.code_set:
        return min(max(2 * max(map(len, code_sets()[element.code_set].values())) + 1, 6), 14)
    if element.id.endswith("_id") and element.type == "text":
        return _KEY_WIDTH
    return _WIDTHS.get(element.type, 16)


def _for_paper(sheet: Any, cut: Cut, rows: int) -> None:
    """Freeze and filter the header; print on A4 across, one page wide, the header on every page."""
    last = len(cut.elements) - 1
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, rows, last)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.7)
    sheet.set_header("&C" + _printed(explanation.title(cut)))
    sheet.set_footer("&L" + _printed(cut.watermark) + "&R第 &P 页，共 &N 页")
    sheet.ignore_errors({"number_stored_as_text": f"A1:{xlsxwriter.utility.xl_rowcol_to_cell(max(rows, 1), last)}"})


def _height(cells: Sequence[str], widths: Sequence[int]) -> int:
    """Return the height that shows every cell whole; only some spreadsheets find it by themselves."""
    lines = max(-(-2 * len(said) // width) for said, width in zip(cells, widths, strict=False))
    return _LINE_HEIGHT * max(lines, 1)


def _printed(words: str) -> str:
    """Return `words` for a header or footer, where & begins a command."""
    return words.replace("&", "&&")


def _explain(book: Any, cut: Cut, rows: int) -> None:
    sheet = book.add_worksheet("说明")
    title = book.add_format({"bold": True, "font_size": 16})
    heading = book.add_format({"bold": True, "font_size": 12})
    mark = book.add_format({"italic": True, "font_color": "#666666"})
    label = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    header = book.add_format(_HEADER)
    widths = (26, 46, 40, 24, 30)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, explanation.title(cut), title)
    sheet.write_string(1, 0, cut.watermark, mark)
    line = 3
    for name, said in explanation.facts(cut, rows).items():
        sheet.write_string(line, 0, name, label)
        sheet.merge_range(line, 1, line, len(widths) - 1, said, wrapped)
        line += 1
    for section in explanation.sections(cut):
        sheet.write_string(line + 1, 0, section.heading, heading)
        for offset, cells in enumerate([section.header, *section.rows]):
            for column, said in enumerate(cells):
                sheet.write_string(line + 2 + offset, column, said, wrapped if offset else header)
            sheet.set_row(line + 2 + offset, _height(cells, widths))
        line += len(section.rows) + 3
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L" + _printed(cut.watermark))
