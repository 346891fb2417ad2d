"""A form that asks for what somebody holds, or that is much like another, is refused, with what to do."""

import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.forms import admission, definition
from jiceng_pipeline.forms.definition import Column, forms
from jiceng_pipeline.forms.lint import lint
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.form_admission import FormAdmission
from jiceng_pipeline.ledger.store import open_ledger


def changed(form, **update):
    return definition.Form.model_validate({**forms()[form].model_dump(exclude={"asked"}), **update})


@pytest.mark.parametrize("form", forms().values(), ids=forms())
def test_every_form_of_ours_passes(form):
    assert lint(form) == []


def test_asking_again_for_what_a_department_holds_needs_a_reason():
    form = forms()["elderly_allowance_check"]
    columns = [each if each.element != "phone" else Column(element="phone", asked=True) for each in form.columns]
    (complaint,) = lint(form.model_copy(update={"columns": tuple(columns)}))
    assert "联系电话" in complaint.what
    assert "常住人口登记" in complaint.what
    assert "reason" in complaint.cure
    columns = [
        each if each.element != "phone" else Column(element="phone", asked=True, reason="presence")
        for each in form.columns
    ]
    assert lint(form.model_copy(update={"columns": tuple(columns)})) == []


def test_four_fifths_of_another_form_are_too_many():
    twin = forms()["uninsured_resident"].model_copy(update={"id": "second_uninsured", "title": "另一张未参保表"})
    assert any("100%" in each.what for each in lint(twin))


def test_a_form_that_asks_nothing_new_is_none():
    form = forms()["elderly_allowance_check"]
    known = tuple(each for each in form.columns if not each.asked)
    assert any("都已经有了" in each.what for each in lint(form.model_copy(update={"columns": known})))


def test_a_refusal_is_on_record(listed):
    form = forms()["uninsured_resident"].model_copy(update={"id": "second_uninsured"})
    with pytest.raises(UsageError, match="项目相同"):
        admission.admit(listed, form, "operator")
    with open_ledger(listed) as ledger:
        assert views.standing(ledger, FormAdmission)["second_uninsured"].body.verdict == "refused"


def test_once_needs_a_reason_and_a_day_to_come(listed):
    from datetime import date

    with pytest.raises(UsageError, match="事由"):
        admission.admit(listed, forms()["veteran_visit"], "operator", until=date(2099, 1, 1))
    with pytest.raises(UsageError, match="截止日期"):
        admission.admit(listed, forms()["veteran_visit"], "operator", until=date(2020, 1, 1), reason="节前慰问")
