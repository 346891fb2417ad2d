"""Timeliness: when each system last delivered, beside how often its contract says it does."""

from datetime import date, datetime

import duckdb
import pyarrow as pa

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import RHYTHM_DAYS, contracts
from jiceng_pipeline.landing import outcome
from jiceng_pipeline.landing.outcome import Outcome
from jiceng_pipeline.quality import working_days
from jiceng_pipeline.warehouse.table import Table

_SCHEMA = pa.schema(
    [
        ("system", pa.string()),
        ("rhythm", pa.string()),
        ("rhythm_days", pa.int64()),
        ("last_success_date", pa.date32()),
        ("days_since_success", pa.int64()),
        ("snapshot_date", pa.date32()),
        ("days_since_change", pa.int64()),
    ]
)


def table() -> Table:
    """Return the table of the build."""
    return Table(
        "quality",
        "rhythm",
        "送数节奏",
        "每个系统最近一次拉成功是哪天、现用数据是哪天的，合同约定多久更新一次",
        frozenset({"landing.outcome"}),
        build,
    )


def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write quality.rhythm, one row a system; days are calendar days, but working days for a daily rhythm."""
    today = clock.business_date(settings)
    rows = []
    for system, status, started, taken in connection.execute(
        "select system, status, started, snapshot_date from landing.outcome order by system"
    ).fetchall():
        if system not in contracts():  # what communities collect has no rhythm
            continue
        rhythm = contracts()[system].rhythm
        succeeded = _day(started) if status in {"landed", "unchanged"} else _last_success(settings, system)
        rows.append(
            {
                "system": system,
                "rhythm": rhythm,
                "rhythm_days": RHYTHM_DAYS[rhythm],
                "last_success_date": succeeded,
                "days_since_success": _days(succeeded, today, rhythm),
                "snapshot_date": taken,
                "days_since_change": _days(taken, today, rhythm),
            }
        )
    connection.register("rhythm_row", pa.Table.from_pylist(rows, schema=_SCHEMA))
    try:
        connection.execute("create or replace table quality.rhythm as select * from rhythm_row order by system")
    finally:
        connection.unregister("rhythm_row")


def _last_success(settings: Settings, system: str) -> date | None:
    """Return the day of the last pull that went well, looking back from the newest."""
    for path in sorted(outcome.folder(settings, contracts()[system]).glob("[0-9]*.json"), reverse=True):
        told = Outcome.read(path)
        if told.status != "failed":
            return _day(told.started)
    return None


def _day(started: str) -> date:
    return datetime.fromisoformat(started).astimezone(clock.LOCAL).date()


def _days(since: date | None, today: date, rhythm: str) -> int | None:
    if since is None:
        return None
    return working_days.between(since, today) if rhythm == "daily" else max((today - since).days, 0)
