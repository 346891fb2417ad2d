"""The main job on a simulated street: first sync, the same again, and the bound: reading and grouping what landed.

    .venv/bin/python benchmarks/main_job.py [--scale street]

Writes benchmarks/results/main_job.json. Ratios are of one run on one machine.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from jiceng_pipeline.cli.evaluate import measure
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.simulation.running import running
from jiceng_pipeline.simulation.simulate import simulate
from jiceng_pipeline.warehouse.connection import connect

RESULTS = Path(__file__).with_name("results")


def timed(work):
    """Return the seconds a piece of work takes, and its result."""
    started = time.perf_counter()
    result = work()
    return round(time.perf_counter() - started, 2), result


def bound(settings: Settings) -> None:
    """Read every landed row once and group it by its first column: less than that no pipeline can do."""
    with connect(settings=settings) as connection:
        for rows in sorted(settings.landing.glob("*/*/2*/rows.parquet")):
            connection.execute(f"select _row_hash, count(*) from read_parquet('{rows}') group by 1").fetchall()


def main() -> None:
    """Run and write the figures."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--scale", default="street", choices=("community", "street"))
    scale = arguments.parse_args().scale
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        simulate_seconds, city = timed(lambda: simulate(settings, scale=scale))
        with running(settings):
            first_seconds, report = timed(lambda: run_sync(settings))
            again_seconds, again = timed(lambda: run_sync(settings))
        bound_seconds, _ = timed(lambda: bound(settings))
        scores = measure(settings)
    assert report.exit_code == again.exit_code == 0
    assert report.is_new and not again.is_new
    records = sum(city.records.values())
    figures = {
        "command": " ".join(["python", "benchmarks/main_job.py", "--scale", scale]),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.machine()},
        "scale": scale,
        "records": records,
        "simulate_seconds": simulate_seconds,
        "first_sync_seconds": first_seconds,
        "same_again_seconds": again_seconds,
        "bound_seconds": bound_seconds,
        "records_per_second": round(records / first_seconds),
        "ratio_same_again": round(again_seconds / first_seconds, 3),
        "ratio_bound": round(first_seconds / bound_seconds, 1),
        "accuracy": scores,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "main_job.json").write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    sys.stdout.write(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
