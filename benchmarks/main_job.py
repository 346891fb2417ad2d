"""The main job on a simulated city: first sync, the same again, and the bound: reading and grouping what landed.

    python -m benchmarks.main_job [--scale street]

Writes benchmarks/results/main_job.json. Ratios are of one run on one machine; a scale
measured before keeps its figures. The peak is of the process that syncs, not of the departments' servers.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks import result
from jiceng_pipeline.cli.evaluate import measure
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.simulation.plan import SCALES
from jiceng_pipeline.simulation.running import running
from jiceng_pipeline.simulation.simulate import simulate
from jiceng_pipeline.warehouse.connection import connect


def bound(settings: Settings) -> None:
    """Read every landed row once and group it by its first column: less than that no pipeline can do."""
    with connect(settings=settings) as connection:
        for rows in sorted(settings.landing.glob("*/*/2*/rows.parquet")):
            connection.execute(f"select _row_hash, count(*) from read_parquet('{rows}') group by 1").fetchall()


def main() -> None:
    """Run and write the figures."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--scale", default="street", choices=SCALES)
    scale = arguments.parse_args().scale
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        simulate_seconds, _, city = result.timed(lambda: simulate(settings, scale=scale))
        with running(settings):
            first_seconds, _, report = result.timed(lambda: run_sync(settings))
            peak_gb = result.peak_gb()
            again_seconds, _, again = result.timed(lambda: run_sync(settings))
        bound_seconds, _, _ = result.timed(lambda: bound(settings))
        scores = measure(settings)
    assert report.exit_code == again.exit_code == 0
    assert report.is_new and not again.is_new
    records = sum(city.records.values())
    figures = {
        "command": f"python -m benchmarks.main_job --scale {scale}",
        "machine": result.machine(),
        "records": records,
        "simulate_seconds": simulate_seconds,
        "first_sync_seconds": first_seconds,
        "first_sync_peak_gb": peak_gb,
        "same_again_seconds": again_seconds,
        "bound_seconds": bound_seconds,
        "records_per_second": round(records / first_seconds),
        "ratio_same_again": round(again_seconds / first_seconds, 3),
        "ratio_bound": round(first_seconds / bound_seconds, 1),
        "accuracy": scores,
    }
    result.write_scale("main_job", scale, figures)


if __name__ == "__main__":
    main()
