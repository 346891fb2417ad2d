"""Who has one record has the history that weighing it among others would give."""

from datetime import date

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import version
from jiceng_pipeline.matching import history
from jiceng_pipeline.warehouse.table import materialise
from jiceng_pipeline_tests.matching.conftest import DAY, REGISTER, citizen_id

ROW = {"system": REGISTER, "name": "李建国", "citizen_id": citizen_id("32060219700101111"),
       "birth_date": date(1970, 1, 1), "phone": "13800000001", "household_number": "H1"}  # fmt: skip
EARLIER = """insert into standard.resident_version by name
    select record_id, system, date '2026-11-01' as from_date, date '2026-11-05' as to_date, name,
        '13800000009' as phone, 'H0' as household_number, '10' as marital_status_code
    from standard.resident_record union all by name
    {more}select record_id, system, date '{day}' as from_date, cast(null as date) as to_date, name, phone,
        household_number, marital_status_code
    from standard.resident_record"""
# a telephone that it had before and has again, a household nobody tells
BETWEEN = """select record_id, system, date '2026-11-05' as from_date, date '2026-11-07' as to_date, name,
        null as phone, 'H0' as household_number, '10' as marital_status_code
    from standard.resident_record union all by name
    select record_id, system, date '2026-11-07' as from_date, date '2026-11-12' as to_date, name,
        '13800000009' as phone, null as household_number, '20' as marital_status_code
    from standard.resident_record union all by name
    """
# a word about another element: everything of this resident is weighed
WORD = """insert into matching.frozen_cell by name
    select 'resident' as entity, entity_id, 'sex_code' as element_id, '1' as value, record_id,
        date '2026-11-20' as frozen_date
    from matching.resident_link"""


def test_what_a_single_record_said_and_says_is_its_history_weighed_or_not(reconcile, tmp_path):
    with reconcile([ROW], until=("governance.conflict",)) as connection:
        found = changed(connection, tmp_path, EARLIER.format(more="", day="2026-11-05"))
        assert [each for each in found if each[0] != "household_id"] == [
            ("household_number", "H0", "2026-11-01", "2026-11-05"),
            ("household_number", "H1", "2026-11-05", None),
            ("marital_status_code", "10", "2026-11-01", "2026-11-05"),
            ("phone", "13800000009", "2026-11-01", "2026-11-05"),
            ("phone", "13800000001", "2026-11-05", None),
        ]
        now = connection.execute("select household_id from matching.household_member").fetchall()
        before, after = (each for each in found if each[0] == "household_id")
        assert (before[2:], after[1:]) == (("2026-11-01", "2026-11-05"), (now[0][0], "2026-11-05", None))
        assert before[1] != after[1]
        assert changed(connection, tmp_path, WORD) == found


def test_so_it_is_of_a_record_that_changed_often(reconcile, tmp_path):
    with reconcile([ROW], until=("governance.conflict",)) as connection:
        found = changed(connection, tmp_path, EARLIER.format(more=BETWEEN, day="2026-11-12"))
        assert [each for each in found if each[0] != "household_id"] == [
            ("household_number", "H0", "2026-11-01", "2026-11-07"),
            ("household_number", "H1", "2026-11-12", None),
            ("marital_status_code", "10", "2026-11-01", "2026-11-07"),
            ("marital_status_code", "20", "2026-11-07", "2026-11-12"),
            ("phone", "13800000009", "2026-11-01", "2026-11-05"),
            ("phone", "13800000009", "2026-11-07", "2026-11-12"),
            ("phone", "13800000001", "2026-11-12", None),
        ]
        assert [each[2:] for each in found if each[0] == "household_id"] == [
            ("2026-11-01", "2026-11-07"),
            ("2026-11-12", None),
        ]
        assert changed(connection, tmp_path, WORD) == found


def changed(connection, folder, happened):
    """Let something happen; return the cells that have a history."""
    settings = Settings(home=folder, business_date=DAY)
    if happened is not WORD:
        for table in version.tables(tuple(contracts().values())):
            materialise(connection, table, settings)
    connection.execute(happened)
    materialise(connection, history.table(), settings)
    return connection.execute(
        """select element_id, value, cast(valid_from as varchar), cast(valid_to as varchar)
        from governance.changed_cell where element_id <> 'sex_code' order by element_id, valid_from"""
    ).fetchall()
