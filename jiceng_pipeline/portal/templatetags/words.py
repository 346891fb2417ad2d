"""Words of the chrome in the reader's language, and small things templates need to say numbers and dates."""

from collections.abc import Sequence
from datetime import date, datetime

from django import template

from jiceng_pipeline.core.clock import LOCAL, now
from jiceng_pipeline.portal.sessions import Ending
from jiceng_pipeline.portal.wording import say as said

register = template.Library()


@register.simple_tag
def say(chinese: str, english: str) -> str:
    """Return the words of the reader's language."""
    return said(chinese, english)


@register.filter
def day(value: object) -> str:
    """Return a date as people here write it: 2026年11月24日."""
    if isinstance(value, datetime):
        value = value.astimezone(LOCAL).date()
    return f"{value.year}年{value.month}月{value.day}日" if isinstance(value, date) else str(value or "")


@register.filter
def moment(value: datetime) -> str:
    """Return an instant in local time to the minute."""
    return f"{value.astimezone(LOCAL):%Y-%m-%d %H:%M}"


@register.filter
def hour(value: datetime) -> str:
    """Return the local hour and minute of an instant."""
    return f"{value.astimezone(LOCAL):%H:%M}"


@register.filter
def minutes_left(value: Ending) -> int:
    """Return how many whole minutes a session still has."""
    return max(0, int((value.at - now()).total_seconds() // 60))


@register.filter
def number(value: object) -> str:
    """Return a number with commas."""
    return f"{value:,}" if isinstance(value, int) else str(value)


@register.filter
def short(value: float) -> str:
    """Return a number with commas, and one digit behind the point where it is no whole one."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


@register.filter
def nth(values: Sequence[object], at: int) -> object:
    """Return the value at that place."""
    return values[at]
