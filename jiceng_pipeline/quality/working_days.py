"""工作日 (working days): weekends off, except as `holidays.csv` says otherwise.

The file has every day that differs: holidays, and weekends worked in exchange. For a year whose official
notice is not out it has the statutory holidays only, and says so in its last column.
"""

import csv
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.errors import DefinitionError

HOLIDAYS = Path(__file__).with_name("holidays.csv")
_SATURDAY = 5


@cache
def exceptions(path: Path = HOLIDAYS) -> Mapping[date, bool]:
    """Return day → whether it is worked, for the days that differ from an ordinary week."""
    found: dict[date, bool] = {}
    for line, row in enumerate(csv.DictReader(documents.read_text(path).splitlines()), start=2):
        try:
            day, worked = date.fromisoformat(row["date"]), {"true": True, "false": False}[row["is_working"]]
        except (KeyError, TypeError, ValueError):
            raise DefinitionError(
                "应是 日期,名称,is_working,依据",
                where=f"{path}:{line}",
                cure="日期写成 2026-10-01，is_working 写 true 或 false",
            ) from None
        if day in found:
            raise DefinitionError(f"{day} 写了两次", where=f"{path}:{line}", cure="保留一处")
        found[day] = worked
    return found


def is_working(day: date) -> bool:
    """Return whether offices are open on `day`."""
    return exceptions().get(day, day.weekday() < _SATURDAY)


def after(day: date, count: int) -> date:
    """Return the `count`-th working day after `day`."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_working(day)
    return day


def between(day: date, until: date) -> int:
    """Return how many working days have begun after `day`, up to and with `until`."""
    return sum(is_working(day + timedelta(days=number)) for number in range(1, (until - day).days + 1))
