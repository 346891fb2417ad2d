"""Rebuilding a version: a city that lived a few days, synced every evening, made again of landing and ledger alone.

    python -m benchmarks.rebuild [--scale street] [--days 2]

Every version still kept is made again and compared, table by table. Writes benchmarks/results/rebuild.json;
a scale measured before keeps its figures. Seconds are of one run on one machine.
"""

import argparse
import os
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks import result
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.defs.rebuild import rebuilt
from jiceng_pipeline.simulation.advance import advance
from jiceng_pipeline.simulation.plan import SCALES
from jiceng_pipeline.simulation.running import running
from jiceng_pipeline.simulation.simulate import simulate
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

START = date(2026, 11, 24)


def made_again(settings: Settings, name: str) -> dict[str, Any]:
    """Make one version again and return whether it is the same."""
    version = publish.find(settings, name)
    with rebuilt(settings, version) as made:
        different = [each.table for each in made.differences]
        return {
            "business_date": version.manifest["inputs"]["business_date"],
            "tables": made.tables,
            "rows": sum(told["rows"] for told in version.manifest["tables"].values()),
            "different_tables": different,
        }


def main() -> None:
    """Run and write the figures."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--scale", default="street", choices=SCALES)
    arguments.add_argument("--days", default=2, type=int)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        city = simulate(settings, scale=asked.scale, as_of=START)
        syncs = []
        with running(settings):
            for number in range(asked.days + 1):
                if number:
                    advance(settings, 1)
                os.environ["JICENG_NOW"] = f"{START + timedelta(days=number)}T22:00:00+08:00"
                seconds, cpu_seconds, report = result.timed(lambda: run_sync(settings))
                syncs.append({"seconds": seconds, "cpu_seconds": cpu_seconds, "exit_code": report.exit_code})
        versions = []
        for name in publish.versions(settings):
            seconds, cpu_seconds, made = result.timed(lambda name=name: made_again(settings, name))
            versions.append({**made, "seconds": seconds, "cpu_seconds": cpu_seconds})
        with connect(publish.find(settings).database, settings=settings, read_only=True) as connection:
            changed = connection.execute("select count(*) from governance.changed_cell").fetchall()[0][0]
    figures = {
        "command": f"python -m benchmarks.rebuild --scale {asked.scale} --days {asked.days}",
        "machine": result.machine(),
        "records": sum(city.records.values()),
        "syncs": syncs,
        "versions": versions,
        "versions_made_again": len(versions),
        "versions_different": sum(bool(each["different_tables"]) for each in versions),
        "changed_cells": changed,
        "peak_gb": result.peak_gb(),
    }
    result.write_scale("rebuild", asked.scale, figures)
    assert not figures["versions_different"], "a version made again is not the same"


if __name__ == "__main__":
    main()
