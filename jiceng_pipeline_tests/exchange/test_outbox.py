"""What a community collected reaches the departments that hold the element."""

from dataclasses import replace
from datetime import date

import pyarrow.parquet as pq
import pytest

from jiceng_pipeline.exchange import delivery, delivery_outbox, receiver
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.kinds.outbox import Outbox
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import collected as collected_values
from jiceng_pipeline.returns import grants

from .test_delivery import target
from .village import ALLOWANCE, COUNTY, HERE, LICENCE, THERE, Person, copy, grant, publish_people, rows

PEOPLE = [Person("a" * 16), Person("b" * 16)]
STREAM = delivery_outbox.stream(ALLOWANCE)


def collected(ledger, person, value, *, system=ALLOWANCE, ground="unconditional", community=HERE):
    """Let a community collect a phone number, for one system."""
    told = {"entity": "resident", "entity_id": person.id, "element_id": "phone", "community_code": community}
    said = {"value": value, "collected_date": date(2026, 11, 24), "source": "form:visit"}
    intake = Intake(**told, **said, record_id=f"record of {person.id}")
    seq = ledger.append("intake", intake.subject, intake, "clerk").seq
    body = Outbox(**told, intake_seq=seq, system=system, ground=ground)
    return ledger.append("outbox", body.subject, body, "clerk").subject


@pytest.fixture
def ledger(settings):
    publish_people(settings, PEOPLE)
    folder = settings.home / "welfare"
    folder.mkdir()
    target(settings, ALLOWANCE.replace("/", "__"), way="folder", folder=str(folder))
    with open_ledger(settings) as opened:
        yield opened


def taken(settings):
    with copy(settings, "welfare") as store:
        receiver.take_folder(store, settings.home / "welfare")
        return rows(store, STREAM)


def delivered(settings):
    return {each.subscription_id: each for each in delivery.deliver(settings)}


def test_a_value_reaches_the_system_with_where_its_own_record_stands(settings, ledger):
    allowed(ledger)
    first = collected(ledger, PEOPLE[0], "13912345678")
    assert delivered(settings)[STREAM].rows == 1
    second = collected(ledger, PEOPLE[1], "13712345678")
    collected(ledger, PEOPLE[1], "13712345678", system=LICENCE)
    found = delivered(settings)
    assert (found[STREAM].rows, found[STREAM].state) == (1, "delivered")
    assert found[delivery_outbox.stream(LICENCE)].state == "waiting"  # nobody said where that system is
    copied = taken(settings)
    assert set(copied) == {first, second}
    told = copied[second]
    assert (told["element_id"], told["value"], told["collected_date"]) == ("phone", "13712345678", "2026-11-24")
    assert (told["source_file"], told["source_row"], told["own_number"]) == ("台账.xlsx", "3", "id of b")
    assert delivered(settings)[STREAM].state == "unchanged"


def test_who_has_merged_since_is_still_found_in_the_systems_own_records(settings, ledger):
    allowed(ledger)
    sent = collected(ledger, PEOPLE[1], "13712345678")
    kept = replace(PEOPLE[0], records=tuple(f"record of {each.id}" for each in PEOPLE))
    publish_people(settings, [kept])
    delivered(settings)
    told = taken(settings)[sent]
    assert (told["entity_id"], told["source_row"], told["own_number"]) == (kept.id, "2", "id of a")


def test_of_several_records_of_one_system_one_is_named_whole(settings, ledger):
    allowed(ledger)
    both = replace(PEOPLE[0], records=tuple(f"record of {each.id}" for each in PEOPLE), file="二.xlsx")
    publish_people(settings, [both, replace(PEOPLE[1], records=("none",), file="一.xlsx")])
    sent = collected(ledger, both, "13712345678")
    delivered(settings)
    told = taken(settings)[sent]
    assert (told["source_file"], told["source_row"], told["own_number"]) == ("一.xlsx", "3", "id of b")


def test_values_lie_in_a_batch_in_the_order_in_which_they_were_collected(settings, ledger):
    allowed(ledger)
    sent = [collected(ledger, PEOPLE[0], f"1371234567{last}") for last in range(10)]
    delivered(settings)
    (batch,) = (settings.home / "welfare").rglob("rows.parquet")
    assert pq.read_table(batch).column("_key").to_pylist() == sent


def allowed(ledger, scope=COUNTY, **changed):
    """Let a system that shares on condition have what communities collect."""
    rights = {"datasets": ("collection",), "purposes": (collected_values.PURPOSE,), **changed}
    return grants.give(ledger, grant(collected_values.actor_of(ALLOWANCE), scope, **rights)).subject


def test_an_ended_grant_stops_it_and_a_new_one_brings_what_waited(settings, ledger):
    first = allowed(ledger)
    sent = collected(ledger, PEOPLE[0], "13912345678", ground=first)
    assert delivered(settings)[STREAM].rows == 1
    held = collected(ledger, PEOPLE[1], "13712345678", ground=first)
    grants.end(ledger, first, "operator")
    assert (delivered(settings)[STREAM].state, set(taken(settings))) == ("denied", {sent})
    allowed(ledger, elements=("phone",))
    assert delivered(settings)[STREAM].rows == 1
    assert set(taken(settings)) == {sent, held}
    assert delivered(settings)[STREAM].state == "unchanged"


def test_what_one_grant_covers_goes_and_the_rest_waits_for_its_own(settings, ledger):
    allowed(ledger, HERE)
    first = collected(ledger, PEOPLE[0], "13912345678", community=THERE)
    second = collected(ledger, PEOPLE[1], "13712345678")
    outcome = delivered(settings)[STREAM]
    assert (outcome.rows, "授权范围" in outcome.reason, set(taken(settings))) == (1, True, {second})
    allowed(ledger, THERE)
    assert delivered(settings)[STREAM].rows == 1
    assert set(taken(settings)) == {first, second}


def test_what_was_made_and_not_sent_does_not_go_when_its_grant_has_ended(settings, ledger):
    first = allowed(ledger)
    collected(ledger, PEOPLE[0], "13912345678")
    folder = settings.home / "welfare"
    away = folder.rename(settings.home / "unplugged")
    assert delivered(settings)[STREAM].state == "waiting"
    grants.end(ledger, first, "operator")
    away.rename(folder)
    assert delivered(settings)[STREAM].state == "denied"
    assert not list(folder.rglob("rows.*"))
    allowed(ledger)
    assert delivered(settings)[STREAM].rows == 1


def test_leave_is_in_the_ledger_before_a_value_leaves_and_how_many_left_after(settings, ledger):
    given = allowed(ledger)
    collected(ledger, PEOPLE[0], "13912345678")
    delivered(settings)
    told = [(event.kind, event.body) for event in ledger.events() if event.kind in {"audit", "delivery"}]
    assert [kind for kind, _ in told] == ["audit", "delivery", "audit"]
    before, batch, after = (body for _, body in told)
    assert (before["outcome"], before["dataset"], before["scope"], before["grant"]) == (
        "granted", "collection", HERE, given,
    )  # fmt: skip
    assert (batch["grant"], after["outcome"], after["rows"]) == (given, "served", 1)
