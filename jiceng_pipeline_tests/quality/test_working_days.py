"""The working-day clock: weekends, public holidays, and weekends worked in exchange."""

from datetime import date, timedelta

import pytest

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.quality import working_days


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-11-24", "2026-12-01"),  # Tuesday to Tuesday
        ("2026-11-27", "2026-12-04"),  # from a Friday
        ("2026-11-28", "2026-12-04"),  # from a Saturday: it counts from Monday
        ("2026-09-29", "2026-10-12"),  # over the National Day week, Saturday the tenth is worked
        ("2026-02-12", "2026-02-26"),  # Saturday the fourteenth is worked, then nine days are off
        ("2026-12-30", "2027-01-07"),  # New Year's Day of the next year
        ("2027-02-03", "2027-02-16"),  # the Spring Festival as the law alone has it
        ("2031-10-01", "2031-10-08"),  # a year the file does not know has ordinary weeks
    ],
)
def test_five_working_days(day, expected):
    assert working_days.after(date.fromisoformat(day), 5) == date.fromisoformat(expected)


def test_every_day_is_followed_by_a_working_day():
    day = date(2026, 1, 1)
    while day < date(2028, 1, 1):
        following = working_days.after(day, 1)
        assert following > day
        assert working_days.is_working(following)
        assert following - day <= timedelta(days=10)
        day += timedelta(days=1)


def test_only_a_weekend_is_worked_in_exchange():
    assert all(day.weekday() >= 5 for day, worked in working_days.exceptions().items() if worked)


@pytest.mark.parametrize("row", ["2026-13-01,甲,false,乙", "2026-01-01,甲,no,乙", "2026-01-01"])
def test_a_broken_calendar_is_refused_with_its_line(tmp_path, row):
    path = tmp_path / "holidays.csv"
    path.write_text(f"date,name,is_working,basis\n{row}\n", "utf-8")
    with pytest.raises(DefinitionError) as refused:
        working_days.exceptions(path)
    assert refused.value.where == f"{path}:2"
