"""The workbook of a form: grey is known and locked, orange is known and to be looked at, yellow is to be filled.

Everything from the data is a string, a day or a number; the only formulas are our own sums. Locks guide: there is
no password. The rows and their comments are those of `forms/body.py`.
"""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import body, instructions, sheet_key
from jiceng_pipeline.forms.body import Frame
from jiceng_pipeline.forms.definition import Column
from jiceng_pipeline.forms.entry import allow
from jiceng_pipeline.forms.page import Page
from jiceng_pipeline.forms.rows import Row
from jiceng_pipeline.forms.sheet_key import FILL, KNOWN, NONE, VERIFY, Hasher, KeyColumn, KeyRow, SheetKey
from jiceng_pipeline.forms.shell import samples, written
from jiceng_pipeline.standard.code_sets import code_sets

HEADER_ROWS = 4  # title, who and when, legend, header
FIRST = 2  # column of the first element: before it the row's key, hidden, and the serial number
VERDICTS = ("核实无误", "有改动", "查无此人")
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}
_LINE_HEIGHT = 16
_COLOURS = {KNOWN: "#E7E6E6", VERIFY: "#FCE4D6", FILL: "#FFF9DB", NONE: "#F2F2F2"}
_LEGEND = ((KNOWN, "灰：已经掌握，不用填"), (VERIFY, "橙：请核实，不对就改"), (FILL, "黄：请填写"))
_SAMPLED = tuple((state, asked) for state in (KNOWN, VERIFY, FILL, NONE) for asked in (False, True))
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\']")  # of a sheet
_WIDTHS = {
    "citizen_id": 19, "credit_code": 19, "phone": 13, "name": 9, "organisation_name": 24, "address": 28,
    "date": 11, "decimal": 10, "integer": 7, "boolean": 7,
}  # fmt: skip


def write(page: Page, path: Path, settings: Settings) -> int:
    """Write the workbook and return how many rows it has."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, OPTIONS)
    book.set_properties({"title": page.form.title, "subject": page.access.receipt, "comments": page.watermark})
    sheet = book.add_worksheet(_NOT_IN_A_NAME.sub("_", page.form.title)[:31])
    looks = _Looks(book)
    _head(sheet, page, looks)
    _blank_rows(sheet, page, looks)
    foot = _foot(sheet, page, looks)
    allow(book, sheet, page.form, FIRST, HEADER_ROWS, HEADER_ROWS + len(page.rows) + page.form.blank_rows - 1, VERDICTS)
    _for_paper(sheet, page, foot)
    comments = list(body.comments(page, page.rows, HEADER_ROWS, 1, _places(page)))
    if comments:
        sheet.write_comment(HEADER_ROWS, 1, comments[0][2])  # the parts that comments are put into
    instructions.write(book, page)
    _samples(book, looks)
    sheet.activate()
    book.close()
    with zipfile.ZipFile(buffer) as shell:
        found = samples(shell)
        frame = Frame(HEADER_ROWS, FIRST, [_width(each) for each in page.form.columns], *_triple(found, len(_SAMPLED)))
        rows = body.rows(page, frame, {each: _triple(found, row) for row, each in enumerate(_SAMPLED)})
        hidden = sheet_key.lines(key(page, sheet.get_name(), settings), settings)
        written(shell, path, HEADER_ROWS, rows, comments, hidden)
    return len(page.rows)


def _places(page: Page) -> Mapping[str, int]:
    return {each.element: FIRST + number for number, each in enumerate(page.form.columns)}


def _samples(book: Any, looks: "_Looks") -> None:
    """Add the hidden sheet with a cell of each look: those of the form, then of key, serial number and verdict."""
    sheet = book.add_worksheet(sheet_key.SHEET)
    for row, (state, asked) in enumerate(_SAMPLED):
        for column, kind in enumerate(body.KINDS):
            sheet.write_blank(row, column, None, looks.cell(state, kind, asked))
    around = (looks.cell(KNOWN, "text", False), looks.number, looks.cell(FILL, "text", False))
    for column, look in enumerate(around):
        sheet.write_blank(len(_SAMPLED), column, None, look)
    sheet.very_hidden()


def _triple(found: Mapping[tuple[int, int], str], row: int) -> tuple[str, str, str]:
    return found[row, 0], found[row, 1], found[row, 2]


def key(page: Page, sheet: str, settings: Settings) -> SheetKey:
    """Return what the hidden sheet says of this workbook."""
    hasher = Hasher(settings)
    names = [each.element for each in page.form.columns]
    return SheetKey(
        form=page.form.id,
        form_version=page.form.version,
        community=page.community.code,
        version=page.version.name,
        as_of=page.as_of,
        made_date=page.made.date().isoformat(),
        actor=page.access.actor,
        receipt=page.access.receipt,
        header_rows=HEADER_ROWS,
        key_column=0,
        verdict_column=FIRST + len(names),
        columns=tuple(
            KeyColumn(each.element, each.heading, FIRST + number, "filled" if each.asked else "held")
            for number, each in enumerate(page.form.columns)
        ),
        rows=tuple(
            KeyRow(row.entity_id, sheet, HEADER_ROWS + number, row.states, hashes(hasher, names, row))
            for number, row in enumerate(page.rows)
        ),
    )


def hashes(hasher: Hasher, names: Sequence[str], row: Row) -> tuple[str, ...]:
    """Return the hash of each cell of a row."""
    return tuple(hasher.cell(row.entity_id, name, cell) for name, cell in zip(names, row.cells, strict=True))


class _Looks:
    """How a cell looks, by its state and what is in it; made once a workbook."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[str, str, bool], Any] = {}
        plain = {"border": 1, "border_color": "#A6A6A6", "valign": "vcenter"}
        self._plain = plain
        self.title = book.add_format({"bold": True, "font_size": 18, "align": "center", "valign": "vcenter"})
        self.line = book.add_format({"font_size": 10, "valign": "vcenter"})
        self.header = book.add_format(
            {**plain, "bold": True, "bg_color": "#DDE7F0", "text_wrap": True, "align": "center"}
        )
        self.number = book.add_format({**plain, "align": "center", "bg_color": _COLOURS[KNOWN]})
        self.total = book.add_format({**plain, "bold": True, "num_format": "#,##0.##"})
        self.legend = {
            state: book.add_format({**plain, "font_size": 10, "bg_color": _COLOURS[state]}) for state, _ in _LEGEND
        }

    def cell(self, state: str, kind: str, asked: bool) -> Any:
        """Return the format of a cell: `kind` is text, day or number."""
        # what is known in a column that the community fills may still be changed: a visit is a visit
        wanted = (state, kind, state in {KNOWN, NONE} and not asked)
        if wanted not in self._made:
            shape = {"text": "@", "day": "yyyy-mm-dd", "number": "General"}[kind]
            self._made[wanted] = self._book.add_format(
                {
                    **self._plain,
                    "num_format": shape,
                    "bg_color": _COLOURS[state],
                    "locked": wanted[2],
                    "text_wrap": True,
                }
            )
        return self._made[wanted]


def _head(sheet: Any, page: Page, looks: _Looks) -> None:
    last = FIRST + len(page.form.columns)
    sheet.set_default_row(_LINE_HEIGHT)
    sheet.set_column(0, 0, 4, None, {"hidden": True})
    sheet.set_column(1, 1, 5)
    for number, each in enumerate(page.form.columns):
        sheet.set_column(FIRST + number, FIRST + number, _width(each))
    sheet.set_column(last, last, 10)
    sheet.set_row(0, 30)
    sheet.merge_range(0, 1, 0, last, page.form.title, looks.title)
    said = f"填报单位：{page.community.full_name}（盖章）    填报期：{page.period}    报送截止：{page.due}"
    sheet.merge_range(1, 1, 1, last, f"{said}    数据截至：{page.as_of}    要表单位：{page.form.owner}", looks.line)
    for number, (state, words) in enumerate(_LEGEND):
        at = FIRST + 2 * number
        sheet.merge_range(2, at, 2, at + 1, words, looks.legend[state])
    header = HEADER_ROWS - 1
    sheet.set_row(header, 32)
    sheet.write_string(header, 0, "行标识", looks.header)
    sheet.write_string(header, 1, "序号", looks.header)
    for number, each in enumerate(page.form.columns):
        sheet.write_string(header, FIRST + number, each.heading, looks.header)
    sheet.write_string(header, last, "核实情况", looks.header)


def _blank_rows(sheet: Any, page: Page, looks: _Looks) -> None:
    for number in range(len(page.rows), len(page.rows) + page.form.blank_rows):
        at = HEADER_ROWS + number
        sheet.write_blank(at, 0, None, looks.cell(KNOWN, "text", False))
        sheet.write_number(at, 1, number + 1, looks.number)
        for place, each in enumerate(page.form.columns):
            look = looks.cell(FILL if each.is_fillable else NONE, body.KINDS[body.kind(each)], each.asked)
            sheet.write_blank(at, FIRST + place, None, look)
        sheet.write_blank(at, FIRST + len(page.form.columns), None, looks.cell(FILL, "text", False))


def _width(column: Column) -> int:
    element = column.of
    if element.code_set:
        return min(max(2 * max(map(len, code_sets()[element.code_set].values())) + 1, 8), 12)
    if element.max_length and element.type == "text":
        return min(max(element.max_length, 10), 20)
    return _WIDTHS.get(element.type, 16)


def _foot(sheet: Any, page: Page, looks: _Looks) -> int:
    """Write the totals with their check and the line for signatures; return the last row."""
    first, at = HEADER_ROWS, HEADER_ROWS + len(page.rows) + page.form.blank_rows
    columns = [each.element for each in page.form.columns]
    if page.form.totals and at > first:
        sheet.write_string(at, 1, "合计", looks.total)
        sheet.write_string(at + 1, 1, "核对", looks.total)
        for place, name in enumerate(columns):
            column = FIRST + place
            if name not in page.form.totals:
                sheet.write_blank(at, column, None, looks.total)
                continue
            total = sum(_number(row.cells[place]) for row in page.rows)
            span = f"{xl_rowcol_to_cell(first, column)}:{xl_rowcol_to_cell(at - 1, column)}"
            sheet.write_formula(at, column, f"=SUM({span})", looks.total, total)
            if not page.form.columns[place].asked:
                differs = f"ABS({xl_rowcol_to_cell(at, column)}-{total!r})>0.005"
                sheet.write_formula(at + 1, column, f'=IF({differs},"与发出时不符","相符")', looks.total, "相符")
        at += 2
    gap = " " * 14
    sign = gap.join(("单位负责人（签字）：", "填表人：", "联系电话：", "填报日期：    年  月  日", "（盖章）"))
    sheet.set_row(at, 28)
    sheet.merge_range(at, 1, at, FIRST + len(columns), sign, looks.line)
    return at


def _number(cell: object) -> float:
    return float(cell) if isinstance(cell, int | float | Decimal) else 0.0


def _for_paper(sheet: Any, page: Page, last: int) -> None:
    """Freeze the header; print on A4 across, one page wide, the header on every page, page x of y."""
    width = FIRST + len(page.form.columns)
    body = HEADER_ROWS + len(page.rows) + page.form.blank_rows - 1
    sheet.freeze_panes(HEADER_ROWS, FIRST + 1)
    # from the hidden key on, which has to move with its row where somebody sorts
    sheet.autofilter(HEADER_ROWS - 1, 0, max(body, HEADER_ROWS), width)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADER_ROWS - 1)
    sheet.print_area(0, 1, last, width)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    sheet.set_footer("&L&8" + page.watermark.replace("&", "&&") + "&R第 &P 页，共 &N 页")
    sheet.ignore_errors({"number_stored_as_text": f"A1:{xl_rowcol_to_cell(last, width)}"})
    sheet.protect(
        "",
        {
            "sort": True,
            "autofilter": True,
            "insert_rows": True,
            "delete_rows": True,
            "format_columns": True,
            "format_rows": True,
        },
    )
