"""Which value stands: of a life's changes the last one seen, else what most say; of a birth date the number's."""

from datetime import date

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching.model import matchings
from jiceng_pipeline.matching.survivorship import create_candidate
from jiceng_pipeline.matching.tables import tables
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.table import materialise
from jiceng_pipeline_tests.matching.conftest import DAY, HEALTH, PENSION, REGISTER, citizen_id

INSURED = "medical_insurance/insured_person"
LI = citizen_id("32060219700101111")
SHARED, LONE = "13911111112", "13922222223"
HOME, ALSO_HOME, ELSEWHERE = (
    "江苏省南通市崇川区虹桥街道学田路270号幸福里10幢1单元202室",
    "学田路270号幸福里10栋1单元202",
    "虹桥街道青年东路225号银花苑7幢3单元501室",
)


def said(system, phone, dwelling_address, day=None):
    return {
        "system": system, "name": "李建国", "citizen_id": LI, "birth_date": date(1970, 1, 1), "phone": phone,
        "dwelling_address": dwelling_address, "record_updated_date": day,
    }  # fmt: skip


ROWS = [
    said(HEALTH, SHARED, HOME, date(2021, 1, 1)),
    said(INSURED, SHARED, ALSO_HOME, date(2022, 1, 1)),
    said(PENSION, LONE, ELSEWHERE),  # not dated: as new as its delivery
]


@pytest.fixture
def standing(reconcile, tmp_path):
    """Return a function that gives telephone and dwelling of ROWS after some SQL about what was said before."""
    with reconcile(ROWS, until=("matching.resident_golden",)) as connection:

        def stands(*statements):
            for statement in statements:
                connection.execute(statement)
            for table in tables():
                if table.name in {"resident_winner", "resident_golden"}:
                    materialise(connection, table, Settings(home=tmp_path, business_date=DAY))
            return connection.execute("select phone, dwelling_address from matching.resident_golden").fetchall()[0]

        yield stands


def changed(element, before):
    return f"""insert into standard.resident_version by name
        select record_id, system, date '2026-11-01' as from_date, date '2026-11-05' as to_date, '{before}' as {element}
        from standard.resident_record where system = '{PENSION}'
        union all by name
        select record_id, system, date '2026-11-05' as from_date, cast(null as date) as to_date, {element}
        from standard.resident_record where system = '{PENSION}'"""


def test_what_most_records_say_stands_against_a_newer_one_and_two_spellings_are_one_door(standing):
    assert standing() == (SHARED, ALSO_HOME)


@pytest.mark.parametrize(
    ("element", "expected"), [("phone", (LONE, ALSO_HOME)), ("dwelling_address", (SHARED, ELSEWHERE))]
)
def test_what_a_system_was_seen_to_change_to_stands_against_what_most_repeat(standing, element, expected):
    assert standing(changed(element, "0513-86868686")) == expected


def test_a_change_of_something_else_is_none(standing):
    assert standing(changed("name", "李健国")) == (SHARED, ALSO_HOME)


@pytest.mark.parametrize(
    ("register", "health", "stands"), [("90", "40", "40"), ("20", "90", "20"), ("90", None, "90"), (None, "40", "40")]
)
def test_who_says_that_it_is_not_known_does_not_stand_against_who_knows(reconcile, register, health, stands):
    rows = [
        {**said(REGISTER, SHARED, HOME, date(2026, 1, 1)), "marital_status_code": register},
        {**said(HEALTH, SHARED, HOME, date(2020, 1, 1)), "marital_status_code": health},
    ]
    with reconcile(rows, until=("matching.resident_golden",)) as connection:
        assert connection.execute("select marital_status_code from matching.resident_golden").fetchall() == [(stands,)]


def test_a_birth_date_that_contradicts_the_number_beside_it_is_not_believed_even_of_the_register(reconcile):
    rows = [
        {**said(REGISTER, SHARED, None, date(2026, 1, 1)), "birth_date": date(1900, 1, 1), "sex_code": "2"},
        {**said(HEALTH, SHARED, HOME, date(2021, 1, 1)), "sex_code": "1"},
        {**said(PENSION, SHARED, HOME), "citizen_id": None, "birth_date": date(1970, 1, 11)},
    ]
    with reconcile(rows, until=("governance.resident", "governance.provenance_cell")) as connection:
        assert connection.execute("select birth_date, sex_code from governance.resident").fetchall() == [
            (date(1970, 1, 1), "1")
        ]
        told = "select system, rule from governance.provenance_cell where element_id = 'birth_date' and is_winner"
        assert connection.execute(told).fetchall() == [(HEALTH, "proved")]


def test_who_has_one_record_is_what_that_says_and_is_not_written_once_more(reconcile):
    rows = [*ROWS, {**said(HEALTH, LONE, None, date(2021, 1, 1)), "citizen_id": citizen_id("32060219800202222")}]
    with reconcile(rows, until=("matching.resident_golden",)) as connection:
        alone = "where phone = ? and record_count = 1"
        told = connection.execute(
            f"select dwelling_address, system_count, source_systems, source_date from matching.resident_golden {alone}",
            [LONE],
        ).fetchall()
        assert told == [(None, 1, HEALTH, date(2021, 1, 1))]
        won = f"""select w.phone = c.record_id, w.dwelling_address
            from matching.resident_winner as w join matching.resident_candidate as c using (entity_id)
            where entity_id in (select entity_id from matching.resident_golden {alone})"""
        assert connection.execute(won, [LONE]).fetchall() == [(True, None)]
        for written in ("standing", "chosen"):
            assert connection.execute(f"select count(*) from matching.resident_{written}").fetchall() == [(1,)]


@pytest.mark.parametrize("entity", list(matchings()))
def test_sorted_by_parts_records_stand_as_sorted_at_once(synced_copy, entity):
    candidates = f"select * from matching.{entity}_candidate order by rowid"
    with connect(publish.current(synced_copy).database, settings=synced_copy) as connection:
        before = connection.execute(candidates).fetchall()
        create_candidate(connection, matchings()[entity], most=len(before) // 7)
        assert connection.execute(candidates).fetchall() == before


def test_two_ways_to_write_a_door_in_a_lane_are_two_votes_for_it(reconcile):
    rows = [
        said(HEALTH, SHARED, "江苏省南通市崇川区易家巷63号", date(2021, 1, 1)),
        said(INSURED, SHARED, "易家巷63号", date(2022, 1, 1)),
        said(PENSION, SHARED, "易家巷6号", date(2023, 1, 1)),
    ]
    with reconcile(rows, until=("matching.resident_golden",)) as connection:
        assert connection.execute("select dwelling_address from matching.resident_golden").fetchall() == [
            ("易家巷63号",)
        ]
