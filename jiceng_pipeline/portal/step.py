"""One step of filling a form (一步一屏): the questions about one person, and what was answered, checked as typed."""

import re
from collections.abc import Mapping
from typing import Any

import duckdb
from django import forms

from jiceng_pipeline.core.clock import business_date
from jiceng_pipeline.forms import typed
from jiceng_pipeline.forms.definition import Form
from jiceng_pipeline.forms.workbook import VERDICTS
from jiceng_pipeline.portal.drafts import VERDICT, Cell, Line
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.wording import say

_FEW = 6  # so many choices are shown at once; more are a list
_LONGEST = 200
# signs that come along when something is copied from elsewhere, and that no workbook can hold
_NOT_TYPED = re.compile(r"[\x00-\x08\x0e-\x1f\ufffe\uffff]")


class Step(forms.Form):
    """The cells of one line that the community may write, and whether the line was found right."""

    def __init__(self, form: Form, line: Line, answers: Mapping[str, str], *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._form, self._line = form, line
        for cell in line.open_cells:
            self.fields[cell.element] = _field(form, cell)
            self.initial[cell.element] = answers.get(cell.element, cell.value)
        choices = [("", say("不选", "nothing")), *((each, each) for each in VERDICTS)]
        verdict = forms.ChoiceField(choices=choices, required=False, widget=forms.RadioSelect)
        verdict.label = say("核实得怎么样？（可以不选）", "How did you find it? (need not be said)")
        verdict.help_text = say(
            "上面原来就有的都对，选“核实无误”；没有这个人，选“查无此人”，不会删掉谁。",
            "All as it was, or nobody there of that name: nobody is removed.",
        )
        self.fields[VERDICT] = verdict
        self.initial[VERDICT] = answers.get(VERDICT, "")

    def check(self, connection: duckdb.DuckDBPyConnection) -> Mapping[str, str] | None:
        """Return what is to be kept; None where something is wrong, which then stands beside its field."""
        if not self.is_valid():
            return None
        found: dict[str, str] = {}
        for cell in self._line.open_cells:
            text = " ".join(_NOT_TYPED.sub("", str(self.cleaned_data.get(cell.element) or "")).split())
            if text == cell.value:
                continue
            if not text:
                self.add_error(
                    cell.element,
                    say("原来的值清空了：写上正确的，或改回原来的", "Write the right value or the old one"),
                )
                continue
            (column,) = (each for each in self._form.columns if each.element == cell.element)
            (value,) = typed.read(connection, self._form, column, [text], business_date(settings()))
            if value.fault:
                self.add_error(cell.element, value.fault)
            found[cell.element] = text
        if verdict := self.cleaned_data.get(VERDICT):
            found[VERDICT] = verdict
        return None if self.errors else found


def _field(form: Form, cell: Cell) -> forms.Field:
    field: forms.Field
    if cell.choices:
        choices = [("", say("还不知道", "not known yet")), *((each, each) for each in cell.choices)]
        if cell.value and cell.value not in cell.choices:
            choices.append((cell.value, cell.value))
        widget = forms.RadioSelect if len(cell.choices) <= _FEW else forms.Select
        field = forms.ChoiceField(choices=choices, required=False, widget=widget)
    else:
        field = forms.CharField(max_length=_LONGEST, required=False)
        (column,) = (each for each in form.columns if each.element == cell.element)
        field.help_text = say(f"例如：{typed.example(column.of)}", f"Example: {typed.example(column.of)}")
    field.label = cell.heading
    if cell.value:
        field.help_text = say(f"现在是：{cell.value}", f"Now: {cell.value}") + (
            f"（{cell.source}）" if cell.source else ""
        )
    if cell.doubt:
        field.help_text = f"{field.help_text}　{cell.doubt}"
    return field
