"""A number that a community collected of somebody: it fills the cell, but never makes two people of one number."""

from datetime import date

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline_tests.matching.conftest import DAY, HEALTH, REGISTER, citizen_id

WANG, NOBODYS = citizen_id("32060219500303123"), citizen_id("32060219480505123")
WANGS, LIS, ZHAOS = "a0000000", "a0000001", "a0000002"
WORLD = [
    {
        "record_id": WANGS,
        "system": REGISTER,
        "name": "王建国",
        "citizen_id": WANG,
        "birth_date": date(1950, 3, 3),
        "sex_code": "1",
    },
    {"record_id": LIS, "system": HEALTH, "name": "李小明", "birth_date": date(1962, 4, 4), "sex_code": "1"},
    {"record_id": ZHAOS, "system": HEALTH, "name": "赵梅", "birth_date": date(1980, 4, 5), "sex_code": "2"},
]
TABLES = ("governance.resident", "governance.collected_cell", "matching.resident_review")


@pytest.fixture
def collected(reconcile, tmp_path):
    """Return a function: numbers collected of records in; numbers of records, states and questions out."""

    def run(numbers):
        with open_ledger(Settings(home=tmp_path, business_date=DAY)) as ledger:
            for record, number in numbers.items():
                body = Intake(
                    entity="resident", entity_id=record * 2, element_id="citizen_id", value=number,
                    community_code="320613005001", collected_date=DAY, source="form:visit", record_id=record,
                )  # fmt: skip
                ledger.append("intake", body.subject, body, "clerk")
        with reconcile(WORLD, until=TABLES) as connection:
            held = connection.execute(
                """select l.record_id, r.citizen_id from matching.resident_link as l
                join governance.resident as r on r.resident_id = l.entity_id order by all"""
            ).fetchall()
            states = connection.execute("select state from governance.collected_cell order by all").fetchall()
            asked = connection.execute("select record_id_a, record_id_b, reason from matching.resident_review")
            return dict(held), [state for (state,) in states], asked.fetchall()

    return run


def test_nobody_elses_number_fills_the_cell(collected):
    assert collected({LIS: NOBODYS}) == ({WANGS: WANG, LIS: NOBODYS, ZHAOS: None}, ["stands"], [])


def test_the_number_of_somebody_else_only_proposes_and_a_person_is_asked_whether_they_are_one(collected):
    held, states, asked = collected({LIS: WANG})
    assert held == {WANGS: WANG, LIS: None, ZHAOS: None}
    assert (states, asked) == (["proposed"], [(WANGS, LIS, "possible")])


def test_of_two_of_whom_one_number_was_collected_neither_has_it(collected):
    held, states, asked = collected({LIS: NOBODYS, ZHAOS: NOBODYS})
    assert held == {WANGS: WANG, LIS: None, ZHAOS: None}
    assert states == ["proposed"] * 2
    assert {row[:2] for row in asked} == {(LIS, ZHAOS)}


def test_what_is_found_of_its_own_holder_agrees(collected):
    assert collected({WANGS: WANG})[1:] == (["agrees"], [])
