"""What the rules cost of a sync, the slowest of them, and whether any value of a person got where it does not belong.

    python -m benchmarks.quality [--scale street] [--home FOLDER]

FOLDER is a home with a simulated city that was synced once; without it one is made and synced.

Writes benchmarks/results/quality.json. The import of great_expectations is paid once a process and told apart.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import result
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.simulation.running import running
from jiceng_pipeline.simulation.simulate import simulate
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.test_canaries import ALLOWED, identities, leaks, texts

_IMPORT = """import time; started = time.process_time()
from jiceng_pipeline.quality import late; late.postpone("scipy.stats")
import jiceng_pipeline.quality.gx; print(time.process_time() - started)"""
CANARIES = 1_000  # people whose values are looked for in every file
_WARM = "import dagster, duckdb, pandas, pyarrow\n"  # what a sync has loaded by then


def import_seconds() -> float:
    """Return what loading great_expectations costs a process that has loaded the rest."""
    told = subprocess.run([sys.executable, "-c", _WARM + _IMPORT], capture_output=True, text=True, check=True)
    return round(float(told.stdout), 2)


def synced(settings: Settings, scale: str) -> None:
    """Simulate a city in a home and sync it once."""
    simulate(settings, scale=scale)
    with running(settings):
        assert run_sync(settings).exit_code == 0


def main() -> None:
    """Run and write the figures."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--scale", default="street")
    arguments.add_argument("--home", type=Path)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=given.home or Path(folder))
        if given.home is None:
            synced(settings, given.scale)
        measure(settings, given.scale)


def measure(settings: Settings, scale: str) -> None:
    """Write the figures of a home whose first sync is its last."""
    (report,) = settings.builds.glob("*/report.json")
    sync = json.loads(report.read_text("utf-8"))
    records = sum(each["pulled"] for each in sync["systems"].values())
    with connect(publish.current(settings).database, settings=settings, read_only=True) as connection:
        rules = connection.execute(
            "select rule_id, seconds, total_count from quality.check_result order by seconds desc, rule_id"
        ).fetchall()
    canaries, people = identities(settings, CANARIES)
    elsewhere = texts(
        settings.home,
        lambda path: path.relative_to(settings.home).parts[0] in ALLOWED or path.name.startswith("ledger."),
    )
    leaked = leaks(canaries, elsewhere)
    loading = import_seconds()
    seconds = sum(took for _, took, _ in rules)
    figures = {
        "command": f"python -m benchmarks.quality --scale {scale}",
        "machine": result.machine(),
        "scale": scale,
        "records": records,
        "rules": len(rules),
        "seconds": round(seconds, 2),
        "seconds_per_million_records": round(seconds / records * 1_000_000, 1),
        "import_seconds": loading,
        "sync_seconds": round(sync["seconds"], 2),
        "share_of_sync": round(seconds / (sync["seconds"] - loading), 3),
        "slowest": {rule: round(took, 2) for rule, took, _ in rules[:5]},
        "canaries": people,
        "leaks": len(leaked),
    }
    result.write("quality", figures)


if __name__ == "__main__":
    main()
