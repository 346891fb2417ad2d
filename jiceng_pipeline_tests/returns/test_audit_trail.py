"""Who saw this person: packages by division and day, pages by name, and nobody else's."""

from datetime import date
from types import MappingProxyType

import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import audit_trail
from jiceng_pipeline.warehouse.connection import connect

HERE, THERE, BEFORE = "320613005001", "320613005002", "320613006001"
MOVED = date(2026, 6, 1)


@pytest.fixture(scope="module")
def published():
    """A resident who moved from BEFORE to HERE, and one who never moved."""
    with connect() as connection:
        connection.execute(
            f"""create schema governance;
            create table governance.resident as select * from (values
                ('mover', 'h1', '{HERE}'), ('neighbour', 'h2', '{HERE}'), ('nowhere', null, null))
                as t(resident_id, household_id, community_code);
            create table governance.changed_cell as select * from (values
                ('resident', 'mover', 'community_code', '{BEFORE}', date '2026-01-01', date '{MOVED}'),
                ('resident', 'mover', 'community_code', '{HERE}', date '{MOVED}', null),
                ('resident', 'mover', 'household_id', 'h0', date '2026-01-01', date '{MOVED}'))
                as t(entity, entity_id, element_id, value, valid_from, valid_to);
            create table governance.residence as select 'mover' as resident_id, 'a1' as address_id;
            create table governance.operation as select 'mover' as resident_id, 'e1' as enterprise_id"""
        )
        yield connection


@pytest.fixture
def ledger(settings):
    with open_ledger(settings) as opened:
        yield opened


def audited(ledger, scope=HERE, dataset="resident_register", outcome="served", actor="clerk", **more):
    body = Audit(action="return", dataset=dataset, scope=scope, profile="check", outcome=outcome, **more)
    return ledger.append("audit", body.subject, body, actor).seq


def seen(ledger, published, resident="mover", merged=MappingProxyType({})):
    return {found.entry.seq: found.how for found in audit_trail.who_saw(ledger, published, resident, merged)}


@pytest.mark.parametrize(
    ("scope", "day", "covers"),
    [
        (HERE, date(2026, 7, 1), True), (HERE[:9], date(2026, 7, 1), True), (HERE[:6], MOVED, True),
        ("*", date(2026, 7, 1), True), (HERE, date(2026, 5, 1), False), (BEFORE, date(2026, 5, 1), True),
        (BEFORE, date(2026, 7, 1), False), (BEFORE[:9], MOVED, False), (BEFORE, None, True), (THERE, None, False),
        (HERE[:6], date(2026, 5, 1), True), ("3207", None, False),
    ],
)  # fmt: skip
def test_a_package_covers_who_was_in_its_division_on_its_day(ledger, published, scope, day, covers):
    number = audited(ledger, scope, as_of=day)
    assert seen(ledger, published) == ({number: audit_trail.IN_A_PACKAGE} if covers else {})


def test_who_never_moved_was_always_there(ledger, published):
    number = audited(ledger, HERE, as_of=date(2020, 1, 1))
    assert set(seen(ledger, published, "neighbour")) == {number}
    assert seen(ledger, published, "nowhere") == {}


@pytest.mark.parametrize(
    ("scope", "day", "how"),
    [
        ("320613007001", date(2026, 7, 1), audit_trail.PERHAPS), ("320613007", date(2026, 7, 1), audit_trail.PERHAPS),
        ("320613007001", None, audit_trail.PERHAPS), ("320613007001", date(2026, 5, 1), None),
        ("320613008001", date(2026, 5, 1), audit_trail.PERHAPS), ("320613008001", date(2026, 7, 1), None),
        (HERE, date(2026, 7, 1), audit_trail.IN_A_PACKAGE), (THERE, date(2026, 7, 1), None),
    ],
)  # fmt: skip
def test_what_was_read_before_a_merger_may_have_covered_who_is_in_what_came_of_it(ledger, published, scope, day, how):
    merged = {"320613007001": HERE, "320613007002": HERE, "320613008001": BEFORE, "320613009001": THERE}
    number = audited(ledger, scope, as_of=day)
    assert seen(ledger, published, merged=merged) == ({number: how} if how else {})


def test_pages_name_whom_they_showed(ledger, published):
    own = audited(ledger, entity="resident", entity_id="mover")
    family = audited(ledger, entity="household", entity_id="h0")
    firm = audited(ledger, entity="enterprise", entity_id="e1", dataset="enterprise_register")
    listed = audited(ledger, shown=("x", "mover"))
    audited(ledger, shown=("x", "neighbour"))
    audited(ledger, entity="resident", entity_id="mover2")
    assert seen(ledger, published) == {
        own: audit_trail.OF_THE_PERSON, family: audit_trail.OF_THE_HOUSEHOLD, firm: audit_trail.OF_A_THING,
        listed: audit_trail.ON_A_PAGE,
    }  # fmt: skip


def test_leave_that_came_to_nothing_is_no_reading_and_one_reading_counts_once(ledger, published):
    audited(ledger, outcome="denied")
    came_to_nothing = audited(ledger, outcome="granted")
    audited(ledger, outcome="failed", leave=came_to_nothing)
    granted = audited(ledger, outcome="granted")
    served = audited(ledger, outcome="served", leave=granted, rows=3)
    unknown = audited(ledger, outcome="granted")
    assert set(seen(ledger, published)) == {served, unknown}


def test_every_dataset_is_found_whatever_its_name(ledger, published):
    names = ["changes", "form:a", "form:a-b", "light_app:z", "indicator:x", "resident_register", "zz/odd", "a"]
    wanted = {audited(ledger, dataset=name) for name in names}
    audited(ledger, dataset="act:give_post", scope="*")
    assert set(seen(ledger, published)) == wanted
    assert seen(ledger, published)[max(wanted)] == audit_trail.PERHAPS


def test_a_list_of_enterprises_shows_only_who_runs_one(ledger, published):
    number = audited(ledger, dataset="enterprise_register")
    assert set(seen(ledger, published)) == {number}
    assert seen(ledger, published, "neighbour") == {}


def test_an_unknown_person_is_said(ledger, published):
    with pytest.raises(UsageError, match="没有这个人"):
        audit_trail.who_saw(ledger, published, "' or true --", {})


def test_the_last_entries_come_first(ledger):
    numbers = [audited(ledger, actor=name) for name in ("a", "b", "a", "c")]
    denied = audited(ledger, outcome="denied", actor="a")
    assert [entry.seq for entry in audit_trail.backwards(ledger)] == [denied, *reversed(numbers)]
    assert [entry.seq for entry in audit_trail.backwards(ledger, actor="a")] == [denied, numbers[2], numbers[0]]
    assert [entry.seq for entry in audit_trail.backwards(ledger, outcome="denied")] == [denied]
    assert list(audit_trail.backwards(ledger, since=date(2999, 1, 1))) == []


def test_an_old_ledgers_audit_reads_and_verifies(ledger, published):
    from jiceng_pipeline.ledger.chain import sealed
    from jiceng_pipeline.ledger.database import Database

    text = (
        '{"action":"return","dataset":"resident_register","grant":"g","lacking":null,"outcome":"granted",'
        f'"profile":"check","purpose":null,"scope":"{HERE}","version":"v"}}'
    )
    with Database(ledger._database.path).writing() as rows:
        rows.insert(
            sealed(rows.head(), "audit", f"resident_register/{HERE}", text, "clerk", "2026-11-24T00:00:00+00:00")
        )
    assert ledger.verify().seq == 1
    assert seen(ledger, published) == {1: audit_trail.IN_A_PACKAGE}
