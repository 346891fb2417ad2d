"""Who has one record that changed once has the history that weighing it among others would give."""

from datetime import date

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import version
from jiceng_pipeline.matching import history
from jiceng_pipeline.warehouse.table import materialise
from jiceng_pipeline_tests.matching.conftest import DAY, REGISTER, citizen_id

LI = citizen_id("32060219700101111")
EARLIER = """insert into standard.resident_version by name
    select record_id, system, date '2026-11-01' as from_date, date '2026-11-05' as to_date, name,
        '13800000009' as phone, 'H0' as household_number, '10' as marital_status_code
    from standard.resident_record union all by name
    select record_id, system, date '2026-11-05' as from_date, cast(null as date) as to_date, name, phone,
        household_number, marital_status_code
    from standard.resident_record"""
# a word about another element: everything of this resident is weighed
WORD = """insert into matching.frozen_cell by name
    select 'resident' as entity, entity_id, 'sex_code' as element_id, '1' as value, record_id,
        date '2026-11-20' as frozen_date
    from matching.resident_link"""


def test_what_a_single_record_said_and_says_is_its_history_weighed_or_not(reconcile, tmp_path):
    row = {"system": REGISTER, "name": "李建国", "citizen_id": LI, "birth_date": date(1970, 1, 1),
           "phone": "13800000001", "household_number": "H1"}  # fmt: skip
    settings = Settings(home=tmp_path, business_date=DAY)
    with reconcile([row]) as connection:
        for table in version.tables(tuple(contracts().values())):
            materialise(connection, table, settings)
        connection.execute(EARLIER)

        def changed():
            materialise(connection, history.table(), settings)
            return connection.execute(
                """select element_id, value, cast(valid_from as varchar), cast(valid_to as varchar)
                from governance.changed_cell where element_id <> 'sex_code' order by element_id, valid_from"""
            ).fetchall()

        found = changed()
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
        connection.execute(WORD)
        assert changed() == found
