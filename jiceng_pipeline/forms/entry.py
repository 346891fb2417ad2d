"""What may be typed into a column of a workbook: a list to choose from, a day, a number; and what is said otherwise."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from jiceng_pipeline.forms.definition import Column, Form
from jiceng_pipeline.forms.page import choices

_LONGEST_LIST = 255  # signs of a list inside a rule; longer ones stand on a hidden sheet
_CODES = "代码"
_DAYS = (date(1900, 3, 1), date(2100, 12, 31))


def allow(book: Any, sheet: Any, form: Form, first: int, top: int, bottom: int, verdicts: Sequence[str]) -> None:
    """Put a rule on each column of the body, rows `top` to `bottom`, columns from `first` on."""
    bottom = max(bottom, top)
    codes = _Codes(book)
    for number, column in enumerate(form.columns):
        rule = _rule(column, form, codes)
        if rule and column.is_fillable:
            sheet.data_validation(top, first + number, bottom, first + number, rule)
    verdict = {"validate": "list", "source": list(verdicts), **_said("核实情况", "请从列表里选一项，例如：核实无误")}
    sheet.data_validation(top, first + len(form.columns), bottom, first + len(form.columns), verdict)


class _Codes:
    """The hidden sheet of the lists that are too long to stand in a rule; made when one is."""

    def __init__(self, book: Any) -> None:
        self._book, self._column = book, 0
        self._sheet: Any = None

    def source(self, words: Sequence[str]) -> list[str] | str:
        """Return what a rule has as its list."""
        if len(",".join(words)) <= _LONGEST_LIST:
            return list(words)
        if self._sheet is None:
            self._sheet = self._book.add_worksheet(_CODES)
            self._sheet.hide()
        for number, each in enumerate(words):
            self._sheet.write_string(number, self._column, each)
        span = [xl_rowcol_to_cell(row, self._column, row_abs=True, col_abs=True) for row in (0, len(words) - 1)]
        self._column += 1
        return f"={_CODES}!{span[0]}:{span[1]}"


def _rule(column: Column, form: Form, codes: _Codes) -> Mapping[str, Any] | None:
    check = next((each for each in form.checks if each.column == column.element), None)
    kind, words = column.of.type, check.words if check else ""
    if options := choices(column):
        example = words or f"请从列表里选一项，例如：{options[0]}"
        return {"validate": "list", "source": codes.source(options), **_said(column.heading, example)}
    if kind == "date":
        example = words or "请填日期，例如 2026-11-20"
        bounds: dict[str, Any] = {"criteria": "between", "minimum": _DAYS[0], "maximum": _DAYS[1]}
        if check and check.not_after_today:
            bounds = {"criteria": "<=", "value": "=TODAY()"}
        return {"validate": "date", **bounds, **_said(column.heading, example)}
    if kind in {"integer", "decimal"}:
        low, high = (check.at_least, check.at_most) if check else (None, None)
        bounds = {"minimum": low if low is not None else -(10**9), "maximum": high if high is not None else 10**9}
        example = words or "请填数字，例如 3"
        return {"validate": kind, "criteria": "between", **bounds, **_said(column.heading, example)}
    if column.of.max_length:
        example = words or f"最多 {column.of.max_length} 个字"
        return {"validate": "length", "criteria": "<=", "value": column.of.max_length, **_said(column.heading, example)}
    return None


def _said(heading: str, words: str) -> dict[str, Any]:
    """Return what is said when something else is typed; the title of such a message has room for 32 signs."""
    return {"ignore_blank": True, "error_title": f"{heading[:20]}填得不对", "error_message": words[:255]}
