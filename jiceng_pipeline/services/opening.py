"""开放时间: when a service point is open, in a part of OpenStreetMap's grammar, on Chinese working days.

    Mo-Fr 08:30-11:30,14:00-17:30; Sa 09:00-11:30

A day not named is closed. Hours that end before they begin end on the next day. On a public holiday the hours of a
Sunday hold, on a weekend worked in exchange those of a Monday. The last minute named is no longer open.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache

from jiceng_pipeline.core.clock import LOCAL
from jiceng_pipeline.quality import working_days

_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_CHINESE = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_PART = re.compile(r"(?P<first>[A-Z][a-z])(-(?P<last>[A-Z][a-z]))? (?P<hours>[\d:,-]+)")
_MONDAY, _SUNDAY = 0, 6
_AHEAD = 31  # days looked ahead for the next opening
_DAY = 24 * 60  # minutes
Span = tuple[int, int]  # minutes of the day; past the last one those of the next


@cache
def week(written: str | None) -> tuple[tuple[Span, ...], ...]:
    """Return the spans in which a point is open, Monday first; nothing where no hours are known."""
    days: list[tuple[Span, ...]] = [()] * len(_DAYS)
    for part in _PART.finditer(written or ""):
        first, last = _DAYS.index(part["first"]), _DAYS.index(part["last"] or part["first"])
        spans = tuple(sorted(_span(each) for each in part["hours"].split(",")))
        for day in range(first, last + 1 if last >= first else last + 1 + len(_DAYS)):
            days[day % len(_DAYS)] = spans
    return tuple(days)


def on(written: str | None, day: date) -> tuple[Span, ...]:
    """Return the spans in which a point is open on a day."""
    return week(written)[_like(day)]


def is_open(written: str | None, at: datetime) -> bool:
    """Return whether a point is open at an instant."""
    local = at.astimezone(LOCAL)
    minute, day = local.hour * 60 + local.minute, local.date()
    of_night = ((start - _DAY, end - _DAY) for start, end in on(written, day - timedelta(days=1)))
    return any(start <= minute < end for start, end in (*of_night, *on(written, day)))


def opens(written: str | None, after: datetime) -> datetime | None:
    """Return when a point opens next (`after` itself where it is open), None where it does not within a month."""
    local = after.astimezone(LOCAL)
    openings = _openings(written, local.date() - timedelta(days=1))  # the night before may not be over
    return next((max(start, local) for start, end in openings if end > local), None)


def wording(written: str | None) -> str:
    """Return the hours in words: 周一至周五 08:30—11:30、14:00—17:30；周六 09:00—11:30；周日不开."""
    days = week(written)
    if not any(days):
        return "没有登记"
    parts, start = [], 0
    for end in range(1, len(days) + 1):
        if end == len(days) or days[end] != days[start]:
            between = "" if end - start == 1 else "、" if end - start == 2 else "至"
            name = _CHINESE[start] + (between + _CHINESE[end - 1] if between else "")
            parts.append(f"{name} {_said(days[start])}" if days[start] else f"{name}不开")
            start = end
    return "；".join(parts)


def _said(spans: tuple[Span, ...]) -> str:
    return "、".join("—".join(map(_clock, span)) for span in spans)


def _clock(minute: int) -> str:
    if minute > _DAY:
        return f"次日{_clock(minute - _DAY)}"
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _like(day: date) -> int:
    """Return the day of the week whose hours hold."""
    worked = working_days.exceptions().get(day)
    if worked is None:
        return day.weekday()
    return _MONDAY if worked else _SUNDAY


def _openings(written: str | None, first: date) -> Iterator[tuple[datetime, datetime]]:
    for day in (first + timedelta(days=number) for number in range(_AHEAD)):
        midnight = datetime.combine(day, time(), LOCAL)
        for start, end in on(written, day):
            yield midnight + timedelta(minutes=start), midnight + timedelta(minutes=end)


def _span(text: str) -> Span:
    start, end = (int(hour) * 60 + int(minute) for hour, minute in (each.split(":") for each in text.split("-")))
    return start, end if end > start else end + _DAY
