"""What people, and programs, do to a workbook before it comes back, as hypothesis strategies; and what may not be lost.

A cell is lost where something was typed into the body and the report says nothing of that cell.
"""

import warnings
from pathlib import Path

import openpyxl
from hypothesis import strategies as st

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.forms import readback
from jiceng_pipeline_tests.forms.sheets import FIRST

_WORDS = ["是", "否", "助餐", "2026-11-20", "2026/11/20", "20261120", "明天", "核实无误", "有改动", "合计"]
_WORDS += ["备注：已迁走", "13912345678", "=1+1", "'1", " ", "\u3000是\u3000", "1e5", "不详", "无", "-", "null"]
_WORDS += ["填表人：张三", "0", "True"]
TEXTS = st.one_of(
    st.sampled_from(_WORDS),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn")), min_size=1, max_size=12),
    st.integers(-5, 10**12),
    st.floats(-1e6, 1e6, allow_nan=False),
    st.booleans(),
    st.dates(),
)
_ROW, _COLUMN = st.integers(0, 30), st.integers(1, 19)
OPERATIONS = st.one_of(
    st.tuples(st.just("type"), _ROW, _COLUMN, TEXTS),
    st.tuples(st.just("type"), _ROW, st.integers(14, 17), TEXTS),  # the columns a community fills
    st.tuples(st.just("clear"), _ROW, _COLUMN),
    st.tuples(st.just("sort"), _COLUMN, st.booleans()),
    st.tuples(st.just("cut"), _ROW, st.integers(1, 4)),
    st.tuples(st.just("insert"), _ROW, st.integers(1, 2), TEXTS),
    st.tuples(st.just("copy"), _ROW, _ROW),
    st.tuples(st.just("merge"), _ROW, st.integers(1, 3), st.integers(3, 16)),
    st.tuples(st.just("column"), st.integers(2, 16)),
    st.tuples(st.just("rename"), st.sampled_from(["Sheet1", "新表", "11月", "jiceng2"])),
    st.tuples(st.just("no header"), st.just(0)),
    st.tuples(st.just("sheet"), TEXTS),
    st.tuples(st.just("half saved"), st.floats(0.05, 0.99)),
)
SPOILINGS = st.lists(OPERATIONS, min_size=1, max_size=6)


def spoil(source, target, operations):
    """Write `source` to `target` with these things done to it."""
    book = _opened(source)
    sheet = book.worksheets[0]
    for each in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(str(each))
    share = None
    for name, *given in operations:
        if name == "half saved":
            share = given[0]
        else:
            _DONE[name](book, sheet, *given)
    book.save(target)
    if share is not None:
        content = Path(target).read_bytes()
        Path(target).write_bytes(content[: int(len(content) * share)])


def _opened(path):
    with warnings.catch_warnings():  # openpyxl minds comments on cells that were merged
        warnings.simplefilter("ignore", UserWarning)
        return openpyxl.load_workbook(path)


def _type(_, sheet, row, column, said):
    _set(sheet.cell(FIRST + row, column), said)


def _set(cell, said):
    if isinstance(cell, openpyxl.cell.cell.MergedCell):
        return
    cell.value = said
    if isinstance(said, str):
        cell.data_type = "s"


def _clear(_, sheet, row, column):
    _set(sheet.cell(FIRST + row, column), None)


def _sort(_, sheet, column, backwards):
    last = FIRST + sum(1 for cell in sheet["A"][FIRST - 1 :] if cell.value)
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST, max_row=last - 1)]
    rows.sort(key=lambda row: str(row[column - 1] if column <= len(row) else ""), reverse=backwards)
    for number, row in enumerate(rows):
        for place, value in enumerate(row, 1):
            _set(sheet.cell(FIRST + number, place), value)


def _cut(_, sheet, row, count):
    sheet.delete_rows(FIRST + row, count)


def _insert(_, sheet, row, count, said):
    sheet.insert_rows(FIRST + row, count)
    _set(sheet.cell(FIRST + row, 14), said)


def _copy(_, sheet, one, other):
    for cell in list(sheet[FIRST + one]):
        _set(sheet.cell(FIRST + other, cell.column), cell.value)


def _merge(_, sheet, row, count, column):
    sheet.merge_cells(start_row=FIRST + row, end_row=FIRST + row + count, start_column=column, end_column=column)


def _column(_, sheet, column):
    sheet.insert_cols(column)


def _rename(_, sheet, name):
    sheet.title = name


def _no_header(_, sheet, __):
    sheet.delete_rows(FIRST - 1)


def _sheet(book, _, said):
    _set(book.create_sheet("另一张").cell(3, 3), said)


_DONE = {
    "type": _type, "clear": _clear, "sort": _sort, "cut": _cut, "insert": _insert, "copy": _copy, "merge": _merge,
    "column": _column, "rename": _rename, "no header": _no_header, "sheet": _sheet,
}  # fmt: skip


def outcome(settings, path, actor="operator"):
    """Return (report or the refusal, the cells of the body of which the report says nothing)."""
    try:
        report = readback.read(settings, actor, path, try_only=True)
    except UsageError as error:
        return error, []
    told = {(cell.sheet, cell.row, cell.column) for cell in report.cells if cell.fate != "empty"}
    told_sheets = "".join(report.notes)
    book = _opened(path)
    lost = []
    for sheet in book.worksheets:
        if sheet.title in {"填表说明", "代码"} or _is_key(sheet):
            continue
        if f"“{sheet.title[:31]}”" in told_sheets:
            continue
        first, key, serial = _places(sheet)
        for row in sheet.iter_rows(min_row=first):
            lost += [
                f"{sheet.title}!{cell.coordinate}"
                for cell in row
                if _says(cell.value) and cell.column not in {key, serial} and not _is_ours(cell.value)
                and (sheet.title, cell.row - 1, cell.column - 1) not in told
            ]  # fmt: skip
    return report, lost


def _is_key(sheet):
    return any(cell.value == "seal" for cell in sheet["A"])


def _places(sheet):
    """Return the first row of the body, and the columns of the key and the serial number."""
    for row in sheet.iter_rows():
        said = {cell.value: cell for cell in row if isinstance(cell.value, str)}
        if "行标识" in said and "序号" in said:
            return row[0].row + 1, said["行标识"].column, said["序号"].column
    for row in sheet.iter_rows():
        if row and isinstance(row[0].value, str) and len(row[0].value) == 32:
            return row[0].row, row[0].column, row[0].column + 1
    return sheet.max_row + 1, 0, 0


def _says(value):
    return value is not None and str(value).strip() != ""


def _is_ours(value):
    """Say whether it is what stands below the form anyway, or a verdict that has its effect on the row."""
    text = str(value).strip()
    return text.startswith(("合计", "核对", "单位负责人")) or text in {"核实无误", "有改动", "查无此人"}
