"""Thirty days of a simulated street: every day lived, then synced in the evening, with conservation checked.

    python -m benchmarks.thirty_days [--scale street] [--days 30]

Writes benchmarks/results/thirty_days.json. Seconds are of one run on one machine.
"""

import argparse
import os
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks import result
from jiceng_pipeline.cli.evaluate import measure
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.simulation.advance import advance
from jiceng_pipeline.simulation.running import running
from jiceng_pipeline.simulation.simulate import simulate
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

START = date(2026, 11, 24)


def unbalanced(settings: Settings) -> list[str]:
    """Return the systems whose rows in are not those accepted and those quarantined."""
    version = publish.current(settings)
    assert version is not None
    with connect(version.database, settings=settings, read_only=True) as connection:
        found = connection.execute(
            "select system from standard.conservation where rows_in <> rows_accepted + rows_quarantined"
        )
        return [system for (system,) in found.fetchall()]


def evening(settings: Settings, number: int) -> dict[str, Any]:
    """Let the city live a day (but for the first) and sync it; return what that took and how it went."""
    on = START + timedelta(days=number)
    os.environ["JICENG_NOW"] = f"{on}T22:00:00+08:00"
    day_seconds, _, lived = result.timed(lambda: advance(settings, 1)[0]) if number else (0.0, 0.0, None)
    sync_seconds, _, report = result.timed(lambda: run_sync(settings))
    failed = sorted(name for name, told in report.systems.items() if told["status"] == "failed")
    return {
        "date": on.isoformat(),
        "day_seconds": day_seconds,
        "sync_seconds": sync_seconds,
        "events": sum(lived.events.values()) if lived else 0,
        "records_changed": sum(lived.changed.values()) if lived else 0,
        "exit_code": report.exit_code,
        "failed": failed,
        "unbalanced": unbalanced(settings),
    }


def main() -> None:
    """Run and write the figures."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--scale", default="street", choices=("community", "street"))
    arguments.add_argument("--days", default=30, type=int)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        city = simulate(settings, scale=asked.scale, as_of=START)
        with running(settings):
            days = [evening(settings, number) for number in range(asked.days + 1)]
        scores = measure(settings)
    assert not [day for day in days if day["unbalanced"]], "rows were lost"
    later = days[1:]
    figures = {
        "command": f"python -m benchmarks.thirty_days --scale {asked.scale} --days {asked.days}",
        "machine": result.machine(),
        "scale": asked.scale,
        "records": sum(city.records.values()),
        "day_seconds": round(sum(day["day_seconds"] for day in later) / len(later), 2),
        "first_sync_seconds": days[0]["sync_seconds"],
        "sync_seconds": round(sum(day["sync_seconds"] for day in later) / len(later), 2),
        "unbalanced_days": 0,
        "accuracy": scores,
        "days": days,
    }
    result.write("thirty_days", figures)


if __name__ == "__main__":
    main()
