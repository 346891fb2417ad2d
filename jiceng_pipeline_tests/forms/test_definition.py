"""A form is one file; what is wrong in it is told with file, line, field and cure."""

import pytest

from jiceng_pipeline.core.errors import DefinitionError, UsageError
from jiceng_pipeline.forms import definition
from jiceng_pipeline.forms.definition import forms
from jiceng_pipeline.forms.lint import held_by

GOOD = """title: 试填表
owner: 民政局 养老服务科
purpose: 试填
legal_basis: 某法
period: yearly
due: {day: 5}
rows:
  entity: resident
  grain: resident
  sql: select community_code, resident_id from governance.resident
columns:
  - {element: name}
  - {element: phone}
  - {element: visit_date, asked: true}
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "civil_affairs" / "trial.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_form_is_found_where_it_lies(written):
    form = forms(written(GOOD).parents[1])["trial"]
    assert (form.department, form.dataset.name) == ("civil_affairs", "form:trial")
    assert form.dataset.columns == ("community_code", "resident_id", "name", "phone", "visit_date")


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("element: phone}", "element: phon}", 13, "phone"),
        ("element: phone}", "element: name}", 13, "出现两次"),
        ("element: visit_date", "element: subsistence_monthly_cny", 14, "collection"),
        ("due: {day: 5}", "due: {}", 6, "within_days"),
        ("period: yearly", "perod: yearly", 5, "perod"),
        ("sql: select", "sql: drop", 10, "select"),
        ("element: visit_date, asked", "element: landlord_phone, title: 联系 电话, asked", 14, "分不清"),
        ("element: visit_date, asked", "element: visit_date, title: 核实情况, asked", 14, "分不清"),
        ("element: visit_date", "element: employee_count", 14, "resident"),
        ("columns:", "checks: [{column: name, at_least: 3, words: x}]\ncolumns:", 11, "不是数字"),
        ("columns:", "checks: [{column: name, not_after_today: true, words: x}]\ncolumns:", 11, "不是日期"),
        ("columns:", "totals: [name]\ncolumns:", 11, "不是数字"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_cure(written, old, new, line, said):
    path = written(GOOD.replace(old, new))
    with pytest.raises(DefinitionError) as told:
        definition.read(path)
    assert told.value.where == f"{path}:{line}"
    assert said in str(told.value)
    assert told.value.cure


def test_a_form_there_is_not_names_the_nearest():
    with pytest.raises(UsageError, match="elderly_living_alone_visit"):
        definition.find("elderly_living_alone")


@pytest.mark.parametrize("form", forms().values(), ids=forms())
def test_every_form_says_who_asks_and_asks_what_nobody_holds(form):
    assert form.owner and form.legal_basis and form.source
    assert len([each for each in form.asked if not held_by(each.element) or each.reason]) >= 2
