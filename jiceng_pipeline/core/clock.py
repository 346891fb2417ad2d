"""The only clock: every other module asks here, so that a test or a replay can stand on another day."""

import os
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings

LOCAL = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Return the current instant in UTC, or the one in `JICENG_NOW` (ISO 8601)."""
    fixed = os.environ.get("JICENG_NOW")
    if not fixed:
        return datetime.now(UTC)
    try:
        return datetime.fromisoformat(fixed).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            "JICENG_NOW 不是时刻", where="环境变量", cure="写成 2026-11-24T10:50:33+08:00 这样，或不设"
        ) from None


def stamp() -> str:
    """Return a file name for this instant that sorts by time: `20261124T105033.123456Z`."""
    return now().strftime("%Y%m%dT%H%M%S.%fZ")


def business_date(settings: Settings) -> date:
    """Return the day the tables speak of: the one asked for, else today in Shanghai."""
    return settings.business_date or now().astimezone(LOCAL).date()
