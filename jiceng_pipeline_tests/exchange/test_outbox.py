"""What a community collected reaches the departments that hold the element."""

from datetime import date

import pytest

from jiceng_pipeline.exchange import delivery, delivery_outbox, receiver
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.kinds.outbox import Outbox
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants

from .test_delivery import target
from .village import ALLOWANCE, COUNTY, HERE, LICENCE, Person, copy, grant, publish_people, rows

PEOPLE = [Person("a" * 32), Person("b" * 32)]
STREAM = delivery_outbox.stream(ALLOWANCE)


def collected(ledger, person, value, *, system=ALLOWANCE, ground="unconditional"):
    """Let a community collect a phone number, for one system."""
    told = {"entity": "resident", "entity_id": person.id, "element_id": "phone", "community_code": HERE}
    intake = Intake(**told, value=value, collected_date=date(2026, 11, 24), source="form:visit")
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


def test_an_ended_ground_stops_it(settings, ledger):
    given = grants.give(ledger, grant("welfare", COUNTY))
    collected(ledger, PEOPLE[0], "13912345678", ground=given.subject)
    assert delivered(settings)[STREAM].rows == 1
    collected(ledger, PEOPLE[1], "13712345678", ground=given.subject)
    grants.end(ledger, given.subject, "operator")
    assert delivered(settings) == {}
