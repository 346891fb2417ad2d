"""A ticket over days: the same id and due date, answered, closed by a later pull only, reopened; no flapping."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.bound import bind
from jiceng_pipeline.ledger.kinds.inspection import Inspection
from jiceng_pipeline.ledger.kinds.ticket_answer import TicketAnswer
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.quality import counting, evidence, history, inspection, life, tickets
from jiceng_pipeline.quality.rule import GOVERNANCE, rules
from jiceng_pipeline.quality.run import check
from jiceng_pipeline_tests.quality.defects import DEFECTS
from jiceng_pipeline_tests.quality.test_tickets import many_more
from jiceng_pipeline_tests.quality.world import CANARIES, DAY, HEALTH, POLICE, RELIEF, record_id

WRONG_SEX = DEFECTS["sex_agrees_with_id"][0]
RIGHT_SEX = "update standard.resident_record set sex_code = '1' where sex_code = '2' and name like '王%'"
STATE = ("state", "opened_date", "due_date", "reopened_count", "is_overdue")


class Days:
    """Builds of one world on the days one asks for, each inspected as a sync would."""

    def __init__(self, build, settings, *chosen):
        self.build, self.settings, self.chosen = build, settings, chosen

    def on(self, number, *sql, pulled=(), record=True):
        """Return the tickets of day `number`, after `sql` and with new snapshots of the systems `pulled`."""
        settings = replace(self.settings, business_date=DAY + timedelta(days=number))
        for statement in sql:
            self.build.execute(statement)
        for system in pulled:
            self.build.execute(f"update landing.outcome set snapshot = 's{number + 2}' where system = '{system}'")
        for layer in sorted({rules()[rule].layer for rule in self.chosen}):
            check(self.build, layer, settings, {r: rules()[r] for r in self.chosen if rules()[r].layer == layer})
        tickets.build(self.build, settings)
        told = self.read()
        tickets.build(self.build, settings)
        assert self.read() == told
        if record:
            inspection.record(self.build, settings)
            tickets.build(self.build, settings)
            assert self.read() == told, "what a sync wrote down changes nothing of what it said"
        return told

    def read(self):
        cursor = self.build.execute("from quality.ticket order by ticket_id")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture
def days(build, settings):
    return Days(build, settings, "sex_agrees_with_id")


def answer(settings, ticket, verdict="corrected"):
    with open_ledger(settings) as ledger:
        ledger.append(
            "ticket_answer", ticket["ticket_id"],
            TicketAnswer(ticket_id=ticket["ticket_id"], verdict=verdict, text="已在系统中改正"), "clerk",
        )  # fmt: skip


def told(ticket, *names):
    return tuple(ticket[name] for name in names)


def test_tomorrow_it_is_the_same_ticket_with_the_same_due_date(days):
    (today,) = days.on(0, WRONG_SEX)
    (tomorrow,) = days.on(1)
    assert told(tomorrow, "ticket_id", *STATE) == told(today, "ticket_id", *STATE)
    assert told(tomorrow, "opened_date", "due_date") == (DAY, date(2026, 12, 1))
    (late,) = days.on(8)
    assert told(late, "state", "is_overdue") == ("open", True)


def test_it_closes_when_a_later_pull_is_without_the_failure(days):
    (opened,) = days.on(0, WRONG_SEX)
    (closed,) = days.on(1, RIGHT_SEX, pulled=[POLICE])
    assert told(closed, "ticket_id", "state", "count") == (opened["ticket_id"], "closed", 0)
    assert closed["closed_date"] == DAY + timedelta(days=1)
    assert closed["closed_evidence"] == f"2026-11-25 {POLICE} s3"
    assert closed["reason"] == opened["reason"]
    (later,) = days.on(2)
    assert told(later, "state", "closed_date", "closed_evidence") == told(
        closed, "state", "closed_date", "closed_evidence"
    )
    assert days.on(tickets.KEPT_DAYS + 2) == []


@pytest.mark.parametrize("pulled", [(), (HEALTH,)])
def test_a_failure_that_vanishes_without_a_pull_of_its_owner_closes_nothing(days, pulled):
    days.on(0, WRONG_SEX)
    (unseen,) = days.on(1, RIGHT_SEX, pulled=pulled)
    assert told(unseen, "state", "count", "last_seen_date") == ("open", 0, DAY)
    (still,) = days.on(2)
    assert still["state"] == "open"
    (closed,) = days.on(3, pulled=[POLICE])
    assert closed["state"] == "closed"


def test_an_answer_alone_closes_nothing(days, settings):
    (opened,) = days.on(0, WRONG_SEX)
    answer(settings, opened)
    (answered,) = days.on(1)
    assert told(answered, "state", "answer") == ("answered", "corrected")
    (late,) = days.on(9, pulled=[POLICE])
    assert told(late, "state", "is_overdue", "count") == ("answered", True, 1), "said, but not done"
    (closed,) = days.on(10, RIGHT_SEX, pulled=[POLICE])
    assert closed["state"] == "closed"


def test_what_its_owner_says_is_no_error_waits_for_us(days, settings):
    (opened,) = days.on(0, WRONG_SEX)
    answer(settings, opened, "not_error")
    (late,) = days.on(9)
    assert told(late, "state", "answer", "is_overdue") == ("answered", "not_error", False)


def test_a_regression_reopens_the_same_ticket_and_the_old_answer_is_void(days, settings):
    (opened,) = days.on(0, WRONG_SEX)
    answer(settings, opened)
    days.on(1, RIGHT_SEX, pulled=[POLICE])
    (again,) = days.on(2, WRONG_SEX, pulled=[POLICE])
    assert told(again, "ticket_id", "state", "reopened_count", "answer", "closed_date") == (
        opened["ticket_id"], "reopened", 1, None, None,
    )  # fmt: skip
    assert told(again, "opened_date", "reopened_date", "due_date") == (
        DAY, DAY + timedelta(days=2), date(2026, 12, 3),
    )  # fmt: skip


def test_corrected_the_same_day_it_closes_the_same_day(days):
    days.on(0, WRONG_SEX)
    (closed,) = days.on(0, RIGHT_SEX, pulled=[POLICE])
    assert told(closed, "state", "closed_date") == ("closed", DAY)


def test_what_two_systems_say_together_closes_by_a_pull_of_either(build, settings):
    days = Days(build, settings, "subsistence_not_to_dead")
    (opened,) = days.on(0, DEFECTS["subsistence_not_to_dead"][0])
    assert opened["system"] == RELIEF
    (closed,) = days.on(1, "update governance.resident set death_date = null", pulled=[POLICE])
    assert told(closed, "state", "closed_evidence") == ("closed", f"2026-11-25 {POLICE} s3")


@pytest.mark.parametrize("own", [GOVERNANCE, POLICE])
def test_a_ticket_of_a_rule_that_there_is_no_more_closes_with_the_next_pull(own):
    gone = life.Name(own, "rule", "rule_of_an_earlier_release")
    landing = {POLICE: "s1", HEALTH: "s1"}
    opened = life.after({}, life.step({}, {gone.ticket_id: gone}, landing, DAY), landing, DAY, 1)
    assert life.step(opened, {}, landing, DAY).closed == {}
    pulled = {**landing, POLICE: "s2"}
    assert life.step(opened, {}, pulled, DAY).closed == {gone.ticket_id: f"{DAY} {POLICE} s2"}


def test_a_rule_that_cannot_be_judged_closes_nothing(build, settings):
    days = Days(build, settings, "citizen_id_not_borrowed")
    (opened,) = days.on(0, DEFECTS["citizen_id_not_borrowed"][0])
    (still,) = days.on(1, "alter table matching.resident_borrowed rename to away", pulled=[opened["system"]])
    assert told(still, "state", "count", "last_seen_date") == ("open", 0, DAY)
    mended = (
        "alter table matching.away rename to resident_borrowed",
        "delete from matching.resident_borrowed",
    )
    (closed,) = days.on(2, *mended, pulled=[opened["system"]])
    assert closed["state"] == "closed"


def test_a_record_with_its_own_ticket_keeps_it_among_more_failures_than_are_named(build, settings):
    days = Days(build, settings, "resident_record_named")
    named = f"update standard.resident_record set name = null where record_id = '{record_id(RELIEF, 0)}'"
    (own,) = days.on(0, named)
    many_more(build, counting.KEPT_KEYS + 1)
    build.execute(f"update standard.resident_record set system = '{RELIEF}' where name is null")
    found = days.on(1, pulled=[RELIEF])
    assert {ticket["is_systemic"]: ticket["state"] for ticket in found} == {True: "open", False: "open"}
    assert own["ticket_id"] in {ticket["ticket_id"] for ticket in found}


def test_a_failed_delivery_closes_when_the_system_delivers_the_same_again(build, settings):
    days = Days(build, settings)
    (opened,) = days.on(0, f"update landing.outcome set status = 'failed' where system = '{HEALTH}'")
    (closed,) = days.on(1, f"update landing.outcome set status = 'unchanged' where system = '{HEALTH}'")
    assert (closed["ticket_id"], closed["state"]) == (opened["ticket_id"], "closed")


def unnamed(found):
    return [(ticket["is_systemic"], ticket["count"], ticket["state"]) for ticket in found]


def test_a_delivery_that_fails_otherwise_today_closes_nothing(build, settings):
    """Refused, then one evening not even reached, then refused again: overdue since the first day."""
    days = Days(build, settings)
    fails = "update landing.outcome set status = 'failed', error_kind = '{}' where system = '" + HEALTH + "'"
    (refused,) = days.on(0, fails.format("SourceRejected"))
    for number, kind in ((1, "SourceUnreachable"), (2, "SourceRejected"), (9, "SourceUnreachable")):
        later = {each["ticket_id"]: each for each in days.on(number, fails.format(kind))}
        assert told(later[refused["ticket_id"]], "due_date", "reopened_count") == (refused["due_date"], 0)
    assert {told(each, "state", "is_overdue") for each in later.values()} == {("open", True)}
    arrived = days.on(10, f"update landing.outcome set status = 'unchanged' where system = '{HEALTH}'")
    assert {each["state"] for each in arrived} == {"closed"}


def test_around_the_limit_nothing_flaps(build, settings):
    days = Days(build, settings, "resident_record_named")
    many_more(build, evidence.OWN_TICKETS)
    single = days.on(0)
    assert unnamed(single) == [(False, 1, "open")] * evidence.OWN_TICKETS
    # one record more: a systemic ticket, and those that had one of their own keep it
    added = (
        f"update standard.resident_record set name = null, system = '{POLICE}' "
        f"where record_id = '{record_id(RELIEF, 0)}'"
    )
    (systemic,) = [ticket for ticket in days.on(1, added, pulled=[POLICE]) if ticket["is_systemic"]]
    assert systemic["count"] == evidence.OWN_TICKETS + 1
    # under the limit again: the systemic one stays until nothing is left, no new ones come
    mended = "update standard.resident_record set name = '甲' where record_id <= printf('%032d', {})"
    found = days.on(2, mended.format(9), pulled=[POLICE])
    assert sorted(unnamed(found)) == sorted(
        [*[(False, 0, "closed")] * 10, *[(False, 1, "open")] * 10, (True, 11, "open")]
    )
    found = days.on(3, "update standard.resident_record set name = '甲'", pulled=[POLICE])
    assert {ticket["state"] for ticket in found} == {"closed"}
    # a few come back: each its own ticket again
    found = days.on(4, "update standard.resident_record set name = null where record_id = repeat('0', 32)")
    assert sorted(unnamed(found))[-2:] == [(False, 1, "reopened"), (True, 0, "closed")]


def test_an_inspection_is_written_once_and_holds_no_value(days, settings):
    days.on(0, WRONG_SEX, DEFECTS["birth_date_not_future"][0])
    days.on(0)
    days.on(1)
    with open_ledger(settings) as ledger:
        entries = list(views.entries(ledger, Inspection))
        assert [entry.body.day for entry in entries] == [DAY, DAY + timedelta(days=1)]
        assert [canary for canary in CANARIES for event in ledger.events() if canary in event.text] == []
    first = entries[0].body
    assert first.systems[POLICE].rows == 4
    assert first.systems[POLICE].codes["sex_code"] == {"1": 0.5, "2": 0.5}
    assert first.checks["sex_agrees_with_id"].owners == {POLICE: 1}
    assert first.tickets[POLICE].open == 1


def test_a_replay_of_an_earlier_day_says_what_that_day_said_and_writes_nothing(days, settings):
    (first,) = days.on(0, WRONG_SEX)
    days.on(5)
    (again,) = days.on(0)
    assert again == first
    assert [each.day for each in history.read(settings).days] == [DAY, DAY + timedelta(days=5)]


def test_a_build_reads_no_later_event_than_it_was_settled_at(days, settings, build):
    (opened,) = days.on(0, WRONG_SEX)
    with open_ledger(settings) as ledger:
        bind(build, ledger.head().seq)
    answer(settings, opened)
    (before,) = days.on(0, record=False)
    assert before["state"] == "open"
    build.execute("drop table landing.ledger_bound")
    (after,) = days.on(0, record=False)
    assert after["state"] == "answered"
