"""A township sees which villages returned a form, who is missing, and sends one."""

import openpyxl
import pytest

from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.forms import gathering, readback
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


@pytest.mark.parametrize(
    ("period", "first"),
    [("monthly", "2026-11-01"), ("quarterly", "2026-10-01"), ("half_yearly", "2026-07-01"), ("yearly", "2026-01-01")],
)
def test_a_return_counts_from_the_first_day_of_its_period(period, first):
    from datetime import date

    from jiceng_pipeline.forms import definition

    form = definition.find(VISIT).model_copy(update={"period": period})
    assert str(gathering.began(form, date(2026, 11, 28))) == first
