"""From a wish to a grant: who has to say what until when, and what it then opens."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest

from jiceng_pipeline.cli.app import main
from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.exchange import request, sharing
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import datasets, grants
from jiceng_pipeline.returns.access import authorise

from .village import ALLOWANCE, COUNTY, HERE, LICENCE, Person, in_office, publish_people, subscribe

ASKED = ("enterprise_id", "enterprise_name", "food_licence_expiry_date")
PERSONAL = ("resident_id", "name", "subsistence_category_code")


@pytest.fixture
def ledger(settings, monkeypatch):
    monkeypatch.setenv("JICENG_NOW", "2026-09-29T09:00:00+08:00")  # two days before the October holiday
    with open_ledger(settings) as opened:
        in_office(opened)
        yield opened


def submitted(settings, ledger, **changed):
    told = {
        "dataset": "resident_register", "scope": HERE, "purpose": "低保核对", "legal_basis": "社会救助暂行办法",
        "until": date(2026, 12, 31), "elements": PERSONAL, "profile": "full",
    }  # fmt: skip
    return request.submit(settings, ledger, "office", **{**told, **changed})


def may(settings, ledger, **changed):
    told = {"profile": "full", "purpose": "低保核对", "elements": PERSONAL, **changed}
    dataset = datasets.find(settings, told.pop("dataset", "resident_register"))
    return authorise(ledger, "office", dataset, HERE, told.pop("profile"), told.pop("purpose"), **told)


def test_the_same_asked_twice_is_one_request_until_it_is_over(settings, ledger):
    first = submitted(settings, ledger).request.request_id
    assert submitted(settings, ledger).request.request_id == first
    other = submitted(settings, ledger, purpose="残疾补贴核对").request.request_id
    assert other != first
    request.withdraw(settings, ledger, first, "office")
    assert submitted(settings, ledger).request.request_id not in {first, other}
    assert len(request.every(settings, ledger)) == 3


def test_conditional_data_is_granted_once_every_owner_has_agreed(settings, ledger):
    course = submitted(settings, ledger)
    name = course.request.request_id
    assert (course.state, course.due_date) == ("checking", date(2026, 10, 8))  # 30 September, then the first after
    with pytest.raises(AccessDenied):
        may(settings, ledger)
    course = request.check(settings, ledger, name, "county", agrees=True)
    assert course.state == "answering" and set(course.waits_for) == {"public_security", "civil_affairs"}
    course = request.answer(settings, ledger, name, "police", department="public_security", agrees=True)
    assert (course.state, course.waits_for) == ("answering", ("civil_affairs",))
    with pytest.raises(AccessDenied):
        may(settings, ledger)
    course = request.answer(settings, ledger, name, "welfare", department="civil_affairs", agrees=True)
    assert course.state == "granted"
    assert set(may(settings, ledger).maskings) == set(PERSONAL)
    for changed in ({"elements": (*PERSONAL, "phone")}, {"purpose": "别的"}, {"profile": "check"}):
        with pytest.raises(AccessDenied):
            may(settings, ledger, **changed)


def test_owners_who_answer_at_one_instant_grant_it(settings, ledger):
    owners = {"police": "public_security", "welfare": "civil_affairs"}

    def agree(name, actor):
        together.wait()
        with open_ledger(settings) as own:
            request.answer(settings, own, name, actor, department=owners[actor], agrees=True)

    for number in range(10):
        name = submitted(settings, ledger, purpose=f"低保核对 {number}").request.request_id
        request.check(settings, ledger, name, "county", agrees=True)
        together = Barrier(2)
        with ThreadPoolExecutor(2) as both:
            list(both.map(agree, (name, name), owners))
        course = request.find(settings, ledger, name)
        assert course.state == "granted" and course.grant is not None


def test_two_requests_for_the_same_have_a_grant_and_an_end_each(settings, ledger):
    granted = []
    for until in (date(2027, 3, 31), date(2026, 12, 31)):
        name = submitted(settings, ledger, until=until).request.request_id
        request.check(settings, ledger, name, "county", agrees=True)
        for actor, department in (("police", "public_security"), ("welfare", "civil_affairs")):
            request.answer(settings, ledger, name, actor, department=department, agrees=True)
        granted.append(name)
    request.revoke(settings, ledger, granted[1], "county", reason="用途已完成")
    assert [request.find(settings, ledger, name).state for name in granted] == ["granted", "revoked"]
    may(settings, ledger)
    request.revoke(settings, ledger, granted[0], "county", reason="用途已完成")
    with pytest.raises(AccessDenied):
        may(settings, ledger)


def test_unconditional_data_is_granted_once_checked(settings, ledger):
    wanted = {"dataset": "enterprise_register", "elements": ASKED, "purpose": "证照到期提醒"}
    course = submitted(settings, ledger, **wanted)
    course = request.check(settings, ledger, course.request.request_id, "county", agrees=True)
    assert (course.state, course.waits_for) == ("granted", ())
    may(settings, ledger, **wanted)


@pytest.mark.parametrize(
    ("said", "state"), [({"agrees": False, "reason": "超出职责"}, "refused"), ({"agrees": True}, "answering")]
)
def test_one_owner_who_does_not_agree_ends_it(settings, ledger, said, state):
    name = submitted(settings, ledger).request.request_id
    request.check(settings, ledger, name, "county", agrees=True)
    assert request.answer(settings, ledger, name, "welfare", department="civil_affairs", **said).state == state
    assert grants.live(ledger, "office") == []


def test_who_says_no_says_why_and_nobody_handles_their_own(settings, ledger):
    name = submitted(settings, ledger).request.request_id
    with pytest.raises(UsageError, match="理由"):
        request.check(settings, ledger, name, "county", agrees=False)
    with pytest.raises(UsageError, match="自己"):
        request.check(settings, ledger, name, "office", agrees=True)
    with pytest.raises(UsageError, match="待合规审查"):
        request.answer(settings, ledger, name, "welfare", department="civil_affairs", agrees=True)
    assert request.check(settings, ledger, name, "county", agrees=False, reason="用途不明").state == "returned"


@pytest.mark.parametrize(
    ("now", "late", "escalated"),
    [
        ("2026-10-08T18:00:00+08:00", 0, None),
        ("2026-10-09T09:00:00+08:00", 1, "数据管理机构"),
        ("2026-10-12T09:00:00+08:00", 3, "数据管理机构"),  # Saturday the 10th is worked
    ],
)
def test_who_is_late_with_the_check_is_named(settings, ledger, monkeypatch, now, late, escalated):
    name = submitted(settings, ledger).request.request_id
    monkeypatch.setenv("JICENG_NOW", now)
    course = request.find(settings, ledger, name)
    assert (course.days_late, course.escalated_to) == (late, escalated)


@pytest.mark.parametrize(("owners", "days"), [((), 5), (("civil_affairs",), 10)])
def test_owners_have_five_working_days_or_ten_where_it_is_not_catalogued(settings, ledger, monkeypatch, owners, days):
    monkeypatch.setenv("JICENG_NOW", "2026-11-02T09:00:00+08:00")
    told = {"owners": owners, **({"dataset": "困境儿童台账", "elements": ()} if owners else {})}
    name = submitted(settings, ledger, **told).request.request_id
    course = request.check(settings, ledger, name, "county", agrees=True)
    assert course.due_date == date(2026, 11, 9 if days == 5 else 16)
    monkeypatch.setenv("JICENG_NOW", "2026-11-17T09:00:00+08:00")
    late = request.find(settings, ledger, name)
    assert late.escalated_to == ("数据管理机构" if days == 5 else "提供部门分管负责人")
    if owners:
        answered = request.answer(settings, ledger, name, "welfare", department="civil_affairs", agrees=True)
        assert answered.state == "agreed" and not grants.live(ledger, "office")


def test_what_may_not_be_shared_does_not_pass_the_check(settings, ledger, monkeypatch):
    known = dict(sharing.contracts())
    known[ALLOWANCE] = known[ALLOWANCE].model_copy(update={"sharing": "not_shared"})
    monkeypatch.setattr(sharing, "contracts", lambda: known)
    name = submitted(settings, ledger).request.request_id
    with pytest.raises(UsageError, match="不予共享"):
        request.check(settings, ledger, name, "county", agrees=True)


def test_a_grant_lasts_to_the_end_of_its_last_day(settings, ledger, monkeypatch):
    wanted = {"dataset": "enterprise_register", "elements": ASKED, "purpose": "证照到期提醒"}
    name = submitted(settings, ledger, **wanted).request.request_id
    request.check(settings, ledger, name, "county", agrees=True)
    monkeypatch.setenv("JICENG_NOW", "2026-12-31T23:59:59+08:00")
    may(settings, ledger, **wanted)
    monkeypatch.setenv("JICENG_NOW", "2027-01-01T00:00:00+08:00")
    assert request.find(settings, ledger, name).state == "expired"
    with pytest.raises(AccessDenied):
        may(settings, ledger, **wanted)


def test_only_who_holds_the_post_checks_and_answers(settings, ledger):
    name = submitted(settings, ledger).request.request_id
    for nobody in ("clerk", "welfare", "stranger"):
        with pytest.raises(AccessDenied):
            request.check(settings, ledger, name, nobody, agrees=True)
    request.check(settings, ledger, name, "county", agrees=True)
    for nobody in ("police", "county", "stranger"):
        with pytest.raises(AccessDenied):
            request.answer(settings, ledger, name, nobody, department="civil_affairs", agrees=True)
    with pytest.raises(AccessDenied):
        request.submit(
            settings, ledger, "clerk", dataset="resident_register", scope=HERE, purpose="x", legal_basis="x",
            until=date(2026, 12, 31),
        )  # fmt: skip


def test_an_applicant_takes_back_what_is_not_decided(settings, ledger):
    name = submitted(settings, ledger).request.request_id
    with pytest.raises(UsageError, match="申请人"):
        request.withdraw(settings, ledger, name, "county")
    assert request.withdraw(settings, ledger, name, "office").state == "withdrawn"


@pytest.mark.parametrize("wanted", [{}, {"dataset": "enterprise_register", "elements": ASKED}])
def test_a_department_that_owns_none_of_it_revokes_nothing(settings, ledger, wanted):
    name = submitted(settings, ledger, **wanted).request.request_id
    course = request.check(settings, ledger, name, "county", agrees=True)
    for account, department in (("police", "public_security"), ("welfare", "civil_affairs")):
        if department in course.waits_for:
            request.answer(settings, ledger, name, account, department=department, agrees=True)
    with pytest.raises(AccessDenied):
        request.revoke(settings, ledger, name, "wardens", reason="不想给")
    assert request.find(settings, ledger, name).state == "granted" and grants.live(ledger, "office")
    ended, _ = request.revoke(settings, ledger, name, "county" if wanted else "welfare", reason="不再需要")
    assert ended.state == "revoked"


def test_a_revoked_grant_tells_what_was_delivered_under_it(settings, monkeypatch, capsys):
    monkeypatch.setenv("JICENG_HOME", str(settings.home))
    publish_people(settings, [Person("a" * 32), Person("b" * 32)])

    def jiceng(*words):
        with pytest.raises(SystemExit) as stop:
            main([*words, "--json"])
        return stop.value.code, json.loads(capsys.readouterr().out or "null")

    with open_ledger(settings) as ledger:
        in_office(ledger)
    told = ("--scope", COUNTY, "--purpose", "走访", "--basis", "条例", "--until", "2099-01-01")
    _, made = jiceng("share", "request", "resident_register", *told, "--elements", "resident_id,name", "--as", "office")
    name = made["request_id"]
    jiceng("share", "check", name)
    code, made = jiceng("share", "answer", name, "--department", "public_security")
    assert (code, made["state"]) == (0, "granted")
    subscribe(settings, "office", elements=("resident_id", "name"), purpose="走访", granted=False)
    assert jiceng("subscription", "deliver")[1][0]["rows"] == 2
    _, said = jiceng("share", "revoke", name, "--reason", "用途已完成")
    assert [each["rows"] for each in said["delivered"]] == [2] and said["state"] == "revoked"
    assert jiceng("subscription", "deliver") == (3, [{
        "subscription_id": "office", "state": "denied", "batches": 0, "rows": 0, "number": 1,
        "reason": "没有有效的授权",
    }])  # fmt: skip
    assert jiceng("share", "list")[1][0]["state"] == "revoked"
    assert [step["step"] for step in jiceng("share", "show", name[:6])[1]["steps"]] == ["check", "answer", "revoke"]


def test_the_catalogue_says_whose_on_what_basis_and_how_good(settings):
    assert {each.quality for each in sharing.catalogue(settings)} == {None}
    publish_people(settings, [])
    found = {each.name: each for each in sharing.catalogue(settings)}
    register, licence, allowance = found["resident_register"], found[LICENCE], found[ALLOWANCE]
    assert register.sharing == "conditional" and "公安局" in "".join(register.owners)
    assert licence.sharing == "unconditional" and licence.frequency == "每周"
    assert "food_licence_number" in licence.elements and licence.legal_basis
    assert licence.quality == 81.0  # nine of ten rows readable, nine of ten cells sound
    assert allowance.quality == 72.9  # and late
    assert register.quality == 72.9  # of what is known
