"""A township sees which villages returned a form, who is missing, and sends one."""

from datetime import date, timedelta

import openpyxl
import pytest

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.forms import definition, gathering, readback
from jiceng_pipeline.forms.page import due
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.submission import Submission
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline_tests.forms.conftest import VISIT


def test_before_and_after_a_village_returns_it(sent, tmp_path):
    settings, community, path = sent
    township = community[:9]
    before = gathering.standing(settings, "operator", VISIT, township)
    assert len(before.missing) == len(before.returns) > 1
    assert all(each.code.startswith(township) for each in before.missing)
    with pytest.raises(UsageError, match="没有交"):
        gathering.send(settings, "operator", VISIT, township, tmp_path)

    report = readback.read(settings, "operator", path)
    after = gathering.standing(settings, "operator", VISIT, township)
    assert {each.code for each in before.missing} - {each.code for each in after.missing} == {community}
    assert (after.rows, after.counts) == (report.rows, report.counts)
    above = gathering.standing(settings, "operator", VISIT, community[:6])
    assert (above.rows, len(above.returns) > len(after.returns)) == (after.rows, True)

    with pytest.raises(UsageError, match="还有"):
        gathering.send(settings, "operator", VISIT, township, tmp_path)
    made = gathering.send(settings, "operator", VISIT, township, tmp_path, with_missing=True)
    rows = list(openpyxl.load_workbook(made).active.iter_rows(values_only=True))
    assert [row[2] for row in rows if row[0] in {each.code for each in after.missing}] == ["没有交"] * len(
        after.missing
    )
    assert rows[-1][1] == "合计" and rows[-1][4] == report.rows
    with open_ledger(settings) as ledger:
        *_, last = views.entries(ledger, Submission)
    assert (last.body.level, last.body.scope, last.body.parts) == ("township", township, (report.receipt,))
    assert gathering.standing(settings, "operator", VISIT, township).sent is not None


def test_only_who_has_a_post_there_sees_it(sent):
    settings, community, _ = sent
    with pytest.raises(AccessDenied):
        gathering.standing(settings, "stranger", VISIT, community[:9])


def test_a_form_is_gathered_until_the_day_on_which_it_has_to_be_back(sent, monkeypatch):
    settings, community, path = sent
    form, handed_out = definition.find(VISIT), clock.business_date(settings)
    until = due(form, handed_out)
    for day, period in ((until, handed_out), (until + timedelta(days=1), until)):
        monkeypatch.setenv("JICENG_NOW", f"{day}T09:00:00+08:00")
        # what comes back on the first days of January is December's form, and is January's on no day
        readback.read(settings, "operator", path)
        since = gathering.standing(settings, "operator", VISIT, community[:9]).since
        assert since == gathering.began(form, period)


@pytest.mark.parametrize(
    ("period", "first"),
    [("monthly", "2026-11-01"), ("quarterly", "2026-10-01"), ("half_yearly", "2026-07-01"), ("yearly", "2026-01-01")],
)
def test_a_return_counts_from_the_first_day_of_its_period(period, first):
    form = definition.find(VISIT).model_copy(update={"period": period})
    assert str(gathering.began(form, date(2026, 11, 28))) == first
