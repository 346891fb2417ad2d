"""Who gets which form: it is on the list, somebody granted it, it is in the audit, and one community sees its own."""

import pytest

from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.forms import admission, prefill
from jiceng_pipeline.forms.definition import find, forms
from jiceng_pipeline.forms.page import due
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants

FORM = "elderly_allowance_check"


def test_every_form_was_made_and_nobody_stands_in_it_twice(listed, made, community):
    assert set(made) == set(forms())
    for form in made:
        page = prefill.page(listed, actor="operator", form=form, community=community)
        assert len(page.rows) == made[form][community].rows
        assert len({row.entity_id for row in page.rows}) == len(page.rows)


def test_a_file_has_the_residents_of_its_community_alone(listed, made):
    places = made["household_visit"]
    for place in sorted(places)[:3]:
        page = prefill.page(listed, actor="operator", form="household_visit", community=place)
        assert len(page.rows) == places[place].rows


def test_a_form_that_is_not_on_the_list_is_not_sent(synced_copy):
    with open_ledger(synced_copy) as ledger:
        grants.ensure_operator(ledger)
    with pytest.raises(UsageError, match="不在清单上") as told:
        prefill.make(synced_copy, actor="operator", form=FORM, community="320613005001")
    assert "jiceng form admit" in told.value.cure
    admission.admit(synced_copy, find(FORM), "operator")
    assert prefill.make(synced_copy, actor="operator", form=FORM, community="320613005001").path.is_file()
    admission.withdraw(synced_copy, find(FORM), "operator", "并入另一张表")
    with pytest.raises(UsageError, match="已移出清单"):
        prefill.make(synced_copy, actor="operator", form=FORM, community="320613005001")


def test_without_a_grant_nobody_gets_a_form_and_the_denial_is_in_the_audit(listed, community):
    with pytest.raises(AccessDenied):
        prefill.make(listed, actor="stranger", form=FORM, community=community)
    with open_ledger(listed) as ledger:
        last = list(views.entries(ledger, Audit))[-1]
    assert (last.actor, last.body.outcome, last.body.dataset) == ("stranger", "denied", f"form:{FORM}")


def test_a_masked_form_shows_no_number_and_asks_for_nothing_that_is_hidden(listed, community):
    with open_ledger(listed) as ledger:
        grants.give(
            ledger,
            Grant(
                actor="checker", scope=community, datasets=(f"form:{FORM}",), profiles=("check",), purposes="*",
                granted_by="operator",
            ),
        )  # fmt: skip
    page = prefill.page(listed, actor="checker", form=FORM, community=community, profile="check")
    names = [each.element for each in page.form.columns]
    for row in page.rows:
        assert str(row.cells[names.index("citizen_id")] or "******").endswith("******")
        assert row.cells[names.index("elderly_allowance_monthly_cny")] is None
        assert row.states[names.index("alive_seen_date")] in "fn"
        assert "月津贴" not in row.sources
    with pytest.raises(AccessDenied):
        prefill.page(listed, actor="checker", form=FORM, community=community)


def test_what_was_handed_out_is_in_the_audit_with_its_rows(listed, community, tmp_path):
    file = prefill.make(listed, actor="operator", form=FORM, community=community, folder=tmp_path)
    with open_ledger(listed) as ledger:
        last = list(views.entries(ledger, Audit))[-1]
    assert (last.body.outcome, last.body.rows, last.body.scope) == ("served", file.rows, community)


def test_a_community_without_anybody_gets_an_empty_form(listed, made, tmp_path):
    empty = next(place for place in made["household_visit"] if place not in made["child_in_difficulty"])
    file = prefill.make(listed, actor="operator", form="child_in_difficulty", community=empty, folder=tmp_path)
    assert file.rows == 0
    assert file.path.is_file()


@pytest.mark.parametrize(
    ("form", "day", "wanted"),
    [
        ("elderly_living_alone_visit", "2026-11-28", "2026-12-05"),
        ("elderly_living_alone_visit", "2026-12-01", "2027-01-05"),
        ("chronic_disease_follow_up", "2026-11-28", "2027-01-10"),
        ("elderly_allowance_check", "2026-03-01", "2026-07-15"),
        ("subsistence_review", "2026-11-28", "2026-12-28"),
    ],
)
def test_when_it_is_due(form, day, wanted):
    from datetime import date

    assert due(find(form), date.fromisoformat(day)).isoformat() == wanted
