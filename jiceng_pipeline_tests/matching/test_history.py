"""History is what was said of each day: versions, late comers and a person's word, under today's links."""

from datetime import date

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import version
from jiceng_pipeline.matching import history
from jiceng_pipeline.warehouse.table import materialise
from jiceng_pipeline_tests.matching.conftest import DAY, HEALTH, PENSION, REGISTER, citizen_id

WANG = citizen_id("32060219700101111")
LATE = "20261110T000000.000000Z"


def said(system, **more):
    return {"system": system, "name": "王建国", "citizen_id": WANG, "birth_date": date(1970, 1, 1), **more}


ROWS = [
    said(REGISTER, household_number="H1", phone="13800000001", record_updated_date=date(2020, 1, 1)),
    said(HEALTH, phone="13800000002", record_updated_date=date(2026, 11, 9), first_landed=LATE),
    said(PENSION, pension_status_code="1"),
]


@pytest.fixture
def made(reconcile, tmp_path):
    """Return a function that makes the history of ROWS after some SQL, and gives the intervals of one element."""
    with reconcile(ROWS, until=("governance.conflict",)) as connection:
        settings = Settings(home=tmp_path, business_date=DAY)
        for table in version.tables(tuple(contracts().values())):
            materialise(connection, table, settings)

        def intervals(element, *statements):
            for statement in statements:
                connection.execute(statement)
            materialise(connection, history.table(), settings)
            return connection.execute(
                """select value, cast(valid_from as varchar), cast(valid_to as varchar)
                from governance.resident_history where element_id = ? order by valid_from""",
                [element],
            ).fetchall()

        yield intervals


def test_a_record_that_came_later_changes_the_value_from_that_day_on(made):
    assert made("phone") == [("13800000001", "2026-11-01", "2026-11-10"), ("13800000002", "2026-11-10", None)]
    assert made("pension_status_code") == [("1", "2026-11-01", None)]


def test_earlier_contents_are_ranked_as_they_were_that_day(made):
    earlier = """insert into standard.resident_version by name
        select record_id, system, date '2026-11-01' as from_date, date '2026-11-05' as to_date,
            date '2019-01-01' as updated_date, '13800000009' as phone, 'H0' as household_number
        from standard.resident_record where household_number = 'H1' union all by name
        select record_id, system, date '2026-11-05' as from_date, cast(null as date) as to_date,
            record_updated_date as updated_date, phone, name, household_number
        from standard.resident_record where household_number = 'H1'"""
    # what the register was seen to change stands against what another says besides, however new its record
    assert made("phone", earlier) == [
        ("13800000009", "2026-11-01", "2026-11-05"),
        ("13800000001", "2026-11-05", None),
    ]
    before, now = made("household_id")
    assert before[0] != now[0]
    assert (before[1:], now[1:]) == (("2026-11-01", "2026-11-05"), ("2026-11-05", None))


def test_a_persons_word_stands_from_its_day(made):
    frozen = """insert into matching.frozen_cell by name
        select 'resident' as entity, entity_id, 'phone' as element_id, '13900000000' as value,
            min(record_id) as record_id, date '2026-11-20' as frozen_date
        from matching.resident_link group by entity_id"""
    assert made("phone", frozen)[1:] == [
        ("13800000002", "2026-11-10", "2026-11-20"),
        ("13900000000", "2026-11-20", None),
    ]


@pytest.mark.parametrize(
    ("element", "until_then"),
    [
        ("phone", [("13800000001", "2026-11-01", "2026-11-10"), ("13800000002", "2026-11-10", "2026-11-20")]),
        ("pension_status_code", [("1", "2026-11-01", "2026-11-20")]),
    ],
)
def test_what_a_person_denied_ends_that_day(made, element, until_then):
    denied = f"""insert into matching.frozen_cell by name
        select 'resident' as entity, entity_id, '{element}' as element_id, cast(null as varchar) as value,
            min(record_id) as record_id, date '2026-11-20' as frozen_date
        from matching.resident_link group by entity_id"""
    assert made(element, denied) == until_then
