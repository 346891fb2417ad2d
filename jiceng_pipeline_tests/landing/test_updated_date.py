"""The date a record says it was changed: one of a year that has not come would pass for the newest until then."""

from datetime import date, timedelta

from jiceng_pipeline.core import clock
from jiceng_pipeline_tests.landing.changing import CONTRACT, Platform
from jiceng_pipeline_tests.landing.standardised import standardised


def test_a_mistyped_year_is_no_date_and_its_owner_is_told(register):
    today = clock.now().astimezone(clock.LOCAL).date()
    soon, far = today + timedelta(days=30), date(today.year + 36, 5, 6)
    with Platform() as platform:
        register.connect(**platform.address)
        for key, said in (("a", today), ("b", soon), ("c", far)):
            platform.put(key, f"人{key}", f"{said}T12:00:00")
        register.pull(CONTRACT)
    with standardised(register.settings, CONTRACT) as connection:
        table = f"standard.{CONTRACT.table}"
        told = connection.execute(f"select name, record_updated_date from {table} order by name").fetchall()
        assert told == [("人a", today), ("人b", soon), ("人c", None)]
        reasons = connection.execute("select source_column, reason from standard.quarantine where level = 'cell'")
        assert reasons.fetchall() == [("updateTime", "不是有效的日期，或比送来的那天晚一年以上")]
