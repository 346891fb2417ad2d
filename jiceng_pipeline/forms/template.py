"""A department's own workbook, filled: mapped cells get a value, everything else stays as the department made it.

A page of the template has so many rows; more people are more pages, each a copy of its first sheet. What comes
from the data is written as text, a day or a number, never as a formula.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.comments import Comment
from openpyxl.utils import column_index_from_string

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import body, sheet_key, workbook
from jiceng_pipeline.forms.definition import Template
from jiceng_pipeline.forms.page import Page
from jiceng_pipeline.forms.returned_sheet import HEADER_ROWS
from jiceng_pipeline.forms.rows import Row
from jiceng_pipeline.forms.sheet_key import Hasher, KeyColumn, KeyRow, SheetKey

_LONGEST = 32_767


def write(page: Page, path: Path, settings: Settings) -> int:
    """Fill the department's template and write it to `path`; return how many rows it has."""
    template, source = page.form.template, page.form.template_file
    if template is None or source is None or not source.is_file():
        raise DefinitionError(
            "找不到表样文件", where=str(source), cure="把表样放在表单定义旁边，文件名写在 template 里"
        )
    book = openpyxl.load_workbook(source)
    first = book.worksheets[0]
    size = template.body_rows
    parts = [page.rows[at : at + size] for at in range(0, len(page.rows), size)] or [()]
    sheets = [first, *(_copied(book, first, number) for number in range(2, len(parts) + 1))]
    titles = {name: _title(first, letters, template) for name, letters in template.columns.items()}
    hasher = Hasher(settings)
    keyed: list[KeyRow] = []
    for number, (sheet, part) in enumerate(zip(sheets, parts, strict=True)):
        keyed += _fill(sheet, page, template, part, number * size, hasher)
    _hide(book, _key(page, template, titles, keyed), settings)
    book.active = 0
    book.properties.title = page.form.title
    book.properties.subject = page.access.receipt
    book.properties.description = page.watermark
    book.save(path)
    return len(page.rows)


def _copied(book: Any, first: Any, number: int) -> Any:
    """Return another copy of the first sheet, with what openpyxl's own copy leaves behind."""
    sheet = book.copy_worksheet(first)
    sheet.title = f"{first.title[:25]}（{number}）"
    sheet.print_title_rows = first.print_title_rows
    if first.print_area:
        sheet.print_area = first.print_area.rpartition("!")[2].replace("$", "")
    sheet.freeze_panes = first.freeze_panes
    sheet.oddHeader, sheet.oddFooter = copy(first.oddHeader), copy(first.oddFooter)
    sheet.sheet_view.showGridLines = first.sheet_view.showGridLines
    for rule in first.data_validations.dataValidation:
        sheet.add_data_validation(copy(rule))
    return sheet


def _fill(sheet: Any, page: Page, template: Template, rows: Sequence[Row], before: int, hasher: Hasher) -> list[KeyRow]:
    names = [each.element for each in page.form.columns]
    if template.place:
        _set(sheet[template.place], page.community.full_name)
    if template.date:
        _set(sheet[template.date], page.made.date().strftime("%Y年%m月%d日"))
    keyed = []
    for number, row in enumerate(rows):
        line = template.first_row + number
        sheet[f"{template.number_column}{line}"].value = before + number + 1
        for name, cell in zip(names, row.cells, strict=True):
            if name in template.columns and cell is not None:
                _set(sheet[f"{template.columns[name]}{line}"], cell)
        keyed.append(KeyRow(row.entity_id, sheet.title, line - 1, row.states, workbook.hashes(hasher, names, row)))
    places = {name: column_index_from_string(letters) - 1 for name, letters in template.columns.items()}
    serial_column = column_index_from_string(template.number_column) - 1
    for at, column, words in body.comments(page, rows, template.first_row - 1, serial_column, places):
        sheet.cell(at + 1, column + 1).comment = Comment(words, "", height=60, width=260)
    return keyed


def _set(cell: Any, value: object) -> None:
    """Put a value in; the cell's look stays the template's."""
    shape = cell.number_format
    if isinstance(value, str):
        cell.value = value[:_LONGEST]
        cell.data_type = "s"  # else what begins with = would be a formula
    elif isinstance(value, date):
        cell.value = value
        cell.number_format = shape if shape not in {"General", "@"} else "yyyy-mm-dd"
        return
    else:
        cell.value = float(value) if isinstance(value, Decimal) else value
    cell.number_format = shape


def _title(sheet: Any, letters: str, template: Template) -> str:
    """Return what the department prints above a column, which may be other words than the form's."""
    above = range(template.first_row - 1, max(template.first_row - 1 - HEADER_ROWS, 0), -1)
    return next(("".join(str(text).split()) for row in above if (text := sheet[f"{letters}{row}"].value)), "")


def _key(page: Page, template: Template, titles: Mapping[str, str], rows: Sequence[KeyRow]) -> SheetKey:
    return SheetKey(
        form=page.form.id,
        form_version=page.form.version,
        community=page.community.code,
        version=page.version.name,
        as_of=page.as_of,
        made_date=page.made.date().isoformat(),
        actor=page.access.actor,
        receipt=page.access.receipt,
        header_rows=template.first_row - 1,
        key_column=-1,
        verdict_column=-1,
        columns=tuple(
            KeyColumn(
                each.element,
                titles.get(each.element) or each.heading,
                column_index_from_string(template.columns[each.element]) - 1
                if each.element in template.columns
                else -1,
                "filled" if each.asked else "held",
            )
            for each in page.form.columns
        ),
        rows=tuple(rows),
    )


def _hide(book: Any, said: SheetKey, settings: Settings) -> None:
    sheet = book.create_sheet(sheet_key.SHEET)
    for number, line in enumerate(sheet_key.lines(said, settings), start=1):
        for column, text in enumerate(line, start=1):
            cell = sheet.cell(number, column, text)
            cell.data_type = "s"
    sheet.sheet_state = "veryHidden"
