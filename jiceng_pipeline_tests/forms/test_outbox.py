"""One value typed once goes to exactly the systems that hold that element and may have it."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.forms import intake, outbox
from jiceng_pipeline.forms.intake import Said, Whom
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.kinds.outbox import Outbox
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import collected
from jiceng_pipeline.standard import register

COMMUNITY = "320613005001"
ASKED = [
    (entity, each.id)
    for entity in ("resident", "enterprise")
    for each in register.elements_of(entity)
    if each.collection
]
HOLDERS = {
    (entity, element): {
        name
        for name, contract in contracts().items()
        if contract.entity == entity and element in register.held(contract.columns.values())
    }
    for entity, element in ASKED
}


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(Settings(home=tmp_path)) as opened:
        yield opened


def grant(ledger, system, **more):
    body = Grant.model_validate(
        {
            "actor": collected.actor_of(system), "scope": "320613", "datasets": ("collection",), "profiles": ("full",),
            "purposes": "*", "granted_by": "operator", **more,
        }
    )  # fmt: skip
    ledger.append("grant", body.subject, body, "operator")


def collect(ledger, entity, element, kind="collected"):
    whom = Whom(entity, "a" * 32, "r" * 32)
    said = [Said(whom, element, "1", kind)]
    day = clock.now().date()
    return set(intake.take(ledger, "clerk", said, community=COMMUNITY, day=day, source="form:visit")[0].systems)


def test_every_element_reaches_exactly_its_holders_that_were_granted_it(ledger):
    """All elements × all systems: who was granted everything gets what it holds, and nothing else."""
    for system in contracts():
        grant(ledger, system)
    assert len(ASKED) > 40
    assert {cell: collect(ledger, *cell) for cell in ASKED} == HOLDERS
    sent = views.entries(ledger, Outbox)
    assert sum(map(len, HOLDERS.values())) == sum(1 for _ in sent)


def test_without_a_grant_only_what_is_shared_without_condition_is_sent(ledger):
    open_to_all = {name for name, contract in contracts().items() if contract.sharing == "unconditional"}
    assert {cell: collect(ledger, *cell) for cell in ASKED} == {
        cell: holders & open_to_all for cell, holders in HOLDERS.items()
    }


@pytest.mark.parametrize(
    "more",
    [
        {"scope": "320614"},
        {"datasets": ("resident_register",)},
        {"elements": ("name",)},
        {"profiles": ("check",)},
        {"purposes": ("低保核对",)},
        {"until": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_grant_that_does_not_cover_the_value_sends_nothing(ledger, more):
    system = "health/resident_health_record"
    grant(ledger, system, **more)
    assert collect(ledger, "resident", "phone") == set()


def test_a_grant_counts_while_it_holds(ledger):
    system = "health/resident_health_record"
    grant(ledger, system, until=clock.now() + timedelta(days=1))
    assert collect(ledger, "resident", "phone") == {system}


def test_what_was_only_found_right_is_sent_to_nobody(ledger):
    for system in contracts():
        grant(ledger, system)
    assert collect(ledger, "resident", "phone", kind="verified") == set()


def test_an_outbox_event_holds_no_value_and_is_written_once(ledger):
    grant(ledger, "health/resident_health_record")
    collect(ledger, "resident", "phone")
    (entry,) = views.entries(ledger, Intake)
    outbox.send(ledger, entry.seq, entry.body, outbox.granted(ledger))
    (sent,) = views.entries(ledger, Outbox)
    (granted,) = views.entries(ledger, Grant)
    assert sent.body.ground == granted.subject
    assert (sent.body.intake_seq, sent.body.system) == (entry.seq, "health/resident_health_record")


def test_a_value_that_cannot_be_put_into_every_outbox_is_not_taken(ledger, tmp_path):
    for system in contracts():
        grant(ledger, system)
    with closing(sqlite3.connect(Settings(home=tmp_path).ledger)) as file:
        file.execute(
            """create trigger full before insert on event when new.kind = 'outbox' and new.subject like 'housing%'
            begin select raise(abort, 'full'); end"""
        )
    with pytest.raises(Exception, match="full"):
        collect(ledger, "resident", "phone")
    assert [*views.entries(ledger, Intake), *views.entries(ledger, Outbox)] == []
    with closing(sqlite3.connect(Settings(home=tmp_path).ledger)) as file:
        file.execute("drop trigger full")
    assert "housing/property_register" in collect(ledger, "resident", "phone")
    ledger.verify()


def test_the_answer_of_a_department_comes_back(ledger):
    grant(ledger, "health/resident_health_record")
    collect(ledger, "resident", "phone")
    (waiting,) = outbox.answers(ledger, COMMUNITY)
    assert (waiting.verdict, waiting.system) == ("waiting", "health/resident_health_record")
    with pytest.raises(AccessDenied):
        outbox.answer(ledger, "stranger", waiting.outbox, "taken_over")
    with pytest.raises(UsageError):
        outbox.answer(ledger, "operator", "health/resident_health_record:99", "taken_over")
    everything = Grant(actor="operator", scope="*", datasets="*", profiles=("full",), purposes="*", granted_by="setup")
    ledger.append("grant", everything.subject, everything, "setup")
    outbox.answer(ledger, "operator", waiting.outbox, "refused", "本人来电确认原号码在用")
    (told,) = outbox.answers(ledger, COMMUNITY)
    assert (told.verdict, told.reason) == ("refused", "本人来电确认原号码在用")
    assert outbox.answers(ledger, "320613006001") == []


def test_an_element_that_communities_are_not_asked_is_refused(ledger):
    with pytest.raises(UsageError, match="不向社区采集"):
        collect(ledger, "resident", "pension_monthly_cny")
