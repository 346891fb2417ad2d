"""The monthly report as a workbook: text stays text, numbers are numbers, two plots Excel draws itself."""

from pathlib import Path

import xlsxwriter

from jiceng_pipeline.quality.pages import month_tables, words
from jiceng_pipeline.quality.pages.month import Month
from jiceng_pipeline.quality.pages.month_tables import Cell, Sheet

_WIDEST = 60
_PLOTTED = "每天的数"


def write(month: Month, path: Path) -> None:
    """Write the workbook to `path`."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    try:
        bold = book.add_format({"bold": True, "bottom": 1})
        wrapped = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        number = book.add_format({"valign": "top", "num_format": "#,##0"})
        daily = _daily(month)
        for sheet in (_summary(month), daily, *month_tables.sheets(month)):
            page = book.add_worksheet(sheet.title)
            page.set_landscape()
            page.fit_to_pages(1, 0)
            page.repeat_rows(0)
            page.freeze_panes(1, 0)
            for column, name in enumerate(sheet.head):
                page.write_string(0, column, name, bold)
                page.set_column(column, column, _width(sheet, column))
            for row, cells in enumerate(sheet.rows or [(sheet.empty,)], start=1):
                for column, cell in enumerate(cells):
                    _write(page, row, column, cell, wrapped, number)
            if sheet is daily and sheet.rows:
                _plots(book, page, len(sheet.rows))
    finally:
        book.close()


def _write(
    page: "xlsxwriter.worksheet.Worksheet", row: int, column: int, cell: Cell, text: object, number: object
) -> None:
    if isinstance(cell, int):
        page.write_number(row, column, cell, number)
    elif cell is not None:
        page.write_string(row, column, cell, text)


def _summary(month: Month) -> Sheet:
    about: list[tuple[str, Cell]] = [
        ("报告", month.title),
        ("责任单位", month.contract.owner.name),
        ("系统", month.contract.name),
        ("期间", f"{month.first} 至 {month.last}"),
    ]
    to_do: list[tuple[str, Cell]] = [
        (f"要做的事 {place}", line) for place, line in enumerate(month_tables.to_do(month), 1)
    ]
    return Sheet("摘要", ("项目", "内容"), [*about, *month_tables.facts(month), *to_do])


def _daily(month: Month) -> Sheet:
    """Return the numbers behind the plots."""
    failing = month.failing.values()
    held = dict(month.figures)
    rows: list[tuple[Cell, ...]] = [
        (
            words.day(told.day),
            held[told.day].rows if told.day in held else None,
            sum(held[told.day].quarantine.values()) if told.day in held else None,
            sum(counts[place] for counts in failing),
        )
        for place, told in enumerate(month.days)
    ]
    return Sheet(_PLOTTED, ("日期", "行数", "隔离", "不合规则的行"), rows, "本月没有检查过")


def _plots(book: "xlsxwriter.Workbook", page: "xlsxwriter.worksheet.Worksheet", rows: int) -> None:
    for place, columns in enumerate(((1,), (2, 3))):
        chart = book.add_chart({"type": "line"})
        for column in columns:
            chart.add_series(
                {
                    "name": [_PLOTTED, 0, column],
                    "categories": [_PLOTTED, 1, 0, rows, 0],
                    "values": [_PLOTTED, 1, column, rows, column],
                    "marker": {"type": "circle" if column % 2 else "square"},
                }
            )
        chart.set_y_axis({"min": 0})
        page.insert_chart(1 + 16 * place, 5, chart, {"description": "各日数目，数字在左边的表里"})


def _width(sheet: Sheet, column: int) -> int:
    """Return a width in which Chinese signs, twice as wide as others, fit."""
    cells = [sheet.head[column], *(str(row[column]) for row in sheet.rows if row[column] is not None)]
    return min(max(len(cell.encode("gb18030")) for cell in cells) + 2, _WIDEST)
