"""A form filled on the screen: one person a page, saved at each step, handed in like a workbook."""

import pytest
from lxml.html import fromstring

from jiceng_pipeline.forms import admission, definition
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.kinds.submission import Submission
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline_tests.portal.conftest import at_once

FORM = "elderly_living_alone_visit"


@pytest.fixture(scope="module")
def begun(site):
    """Return a clerk who has begun a form, and its address."""
    admission.admit(site.settings, definition.find(FORM), "operator")
    clerk, at = site.verified("clerk"), f"/at/{site.community}/fill/{FORM}"
    assert "在这里填" in clerk.get(f"/at/{site.community}/forms").text
    assert clerk.get(f"{at}/1").status_code == 404, "not before it is begun"
    assert "从第一个填起" in clerk.post(at, follow=True).text
    return clerk, at


def asked(page):
    """Return the names of the fields of a step."""
    return {part.split('"')[0] for part in page.split(' name="')[1:]} - {"csrfmiddlewaretoken", "next", "size"}


def test_a_wrong_answer_is_told_beside_its_question_and_not_kept(begun):
    clerk, at = begun
    assert "visit_date" in asked(clerk.get(f"{at}/1").text)
    wrong = clerk.post(f"{at}/1", {"visit_date": "昨天"}).text
    assert "有地方要改" in wrong
    assert 'value="昨天"' in wrong
    assert "已填 0 个" in " ".join(clerk.get(at).text.split())


def test_what_was_answered_is_saved_looked_over_printed_and_handed_in_with_a_receipt(site, begun):
    clerk, at = begun
    saved = clerk.post(f"{at}/1", {"visit_date": "2026-11-20", "verdict": "有改动"})
    assert saved["Location"] in {f"{at}/2", f"{at}/check"}
    again = site.verified("clerk")  # another session, another day
    assert 'value="2026-11-20"' in again.get(f"{at}/1").text
    assert "2026-11-20" in again.get(f"{at}/check").text
    assert again.get(f"{at}.pdf").content.startswith(b"%PDF")
    done = again.post(f"{at}/check").text
    pressed_again = clerk.post(f"{at}/check").text
    with open_ledger(site.settings) as ledger:
        submission = list(views.entries(ledger, Submission))[-1]
        intake = [e.body for e in views.entries(ledger, Intake) if e.body.source == f"form:{FORM}"]
    assert submission.receipt in done
    assert submission.receipt in pressed_again and "没有再交一次" in pressed_again
    assert submission.body.counts["accepted"] >= 1
    assert ("visit_date", "2026-11-20") in {(each.element_id, each.value) for each in intake}
    assert again.get(f"{at}/1").status_code == 404, "a draft ends when it is handed in"
    assert not list((site.settings.home / "portal" / "drafts").iterdir())


def test_a_draft_that_is_given_up_leaves_nothing(site, begun):
    clerk, at = begun
    clerk.post(at)
    assert list((site.settings.home / "portal" / "drafts").iterdir())
    clerk.post(at, {"what": "drop"})
    assert not list((site.settings.home / "portal" / "drafts").iterdir())


def test_begun_twice_at_once_it_is_begun_once(site, begun):
    clerk, at = begun
    for _ in range(5):  # at once is a matter of luck
        clerk.post(at, {"what": "drop"})
        assert at_once(site, clerk, "post", at, times=6) == [302] * 6
    clerk.post(at, {"what": "drop"})
    assert not list((site.settings.home / "portal" / "drafts").iterdir())


def test_signs_nobody_sees_keep_no_form_from_being_handed_in(site):
    form = definition.find("veteran_visit")
    admission.admit(site.settings, form, "operator")
    clerk, at = site.verified("clerk"), f"/at/{site.community}/fill/{form.id}"
    clerk.post(at)
    asked = next(each for each in fromstring(clerk.get(f"{at}/1").text).forms if "verdict" in each.fields)
    there = {name: value for name, value in asked.form_values() if name not in {"csrfmiddlewaretoken", "verdict"}}
    there = {name: "" if value == "on" else value for name, value in there.items()}  # as lxml calls an empty choice
    assert clerk.post(f"{at}/1", {**there, "assistance_request": "要\x07人\ufffe陪诊"}).status_code == 302
    assert "收到：" in clerk.post(f"{at}/check").text
    with open_ledger(site.settings) as ledger:
        said = [e.body.value for e in views.entries(ledger, Intake) if e.body.element_id == "assistance_request"]
    assert said == ["要人陪诊"]


@pytest.mark.parametrize("account", ["county", "city"])
def test_who_may_not_fill_forms_begins_none(site, begun, account):
    assert site.verified(account).get(begun[1]).status_code == 403
