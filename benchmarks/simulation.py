"""How long the simulated city takes to make, and how much memory; a week of its life day by day; and its truth.

    python -m benchmarks.simulation --scale city [--keep HOME]

Writes benchmarks/results/simulation.json; a scale measured before keeps its figures. Memory is what all
processes hold together (proportional set size), looked at twice a second, the database server's included.
"""

import argparse
import os
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from benchmarks import result
from jiceng_pipeline.core.progress import Step, listening
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation import truth
from jiceng_pipeline.simulation.advance import advance
from jiceng_pipeline.simulation.plan import SCALES
from jiceng_pipeline.simulation.simulate import Summary, simulate

EVERY = 0.5  # seconds
DAYS = 7  # a week, so that every office but the monthly ones has worked


class Watch(threading.Thread):
    """Looks at the memory of this process and all that came from it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.ended = threading.Event()

    def run(self) -> None:
        """Look until told to end."""
        while not self.ended.wait(EVERY):
            self.peak = max(self.peak, sum(map(_held, _family(os.getpid()))))


def _family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        parents.setdefault(parent, []).append(int(path.parent.name))
    found = [pid]
    for each in found:
        found += parents.get(each, [])
    return found


def _held(pid: int) -> int:
    """Return the bytes a process holds, shared ones by its share."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


@contextmanager
def home(kept: str | None):
    """Yield a folder: the one to keep, or one that is gone afterwards."""
    if kept:
        yield Path(kept)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def measured(settings: Settings, scale: str) -> dict[str, object]:
    """Make a city and return its figures."""
    steps: list[tuple[float, Step]] = []
    watch, begun = Watch(), time.perf_counter()
    before = os.times()
    watch.start()
    with listening(lambda step: steps.append((time.perf_counter() - begun, step))):
        city: Summary = simulate(settings, scale=scale)
    seconds, after = time.perf_counter() - begun, os.times()
    watch.ended.set()
    watch.join()
    assert city.is_new
    days = [result.timed(lambda: advance(settings))[0] for _ in range(DAYS)]
    records = sum(city.records.values())
    cpu = sum(
        getattr(after, name) - getattr(before, name) for name in ("user", "system", "children_user", "children_system")
    )
    made = [at for at, step in steps if "/" not in step.subject]
    return {
        "residents": city.residents,
        "records": records,
        "townships": len(made),
        "seconds": round(seconds, 1),
        "seconds_until_townships_are_made": round(max(made), 1),
        "cpu_seconds_without_server": round(cpu, 1),
        "records_per_second": round(records / seconds),
        "day_seconds": round(sum(days) / DAYS, 1),
        "day_seconds_most": round(max(days), 1),
        "truth_seconds": round(result.timed(lambda: truth.truth(settings))[0], 1),
        "peak_gb": round(watch.peak / 2**30, 2),
        "disk_gb": round(
            sum(path.stat().st_size for path in settings.simulated.rglob("*") if path.is_file()) / 2**30, 2
        ),
        "load_of_machine": round(os.getloadavg()[1], 1),
    }


def main() -> None:
    """Run and write the figures."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--scale", default="city", choices=SCALES)
    arguments.add_argument("--keep", metavar="HOME", help="a home that stays")
    asked = arguments.parse_args()
    known = result.known("simulation")
    with home(asked.keep) as folder:
        known.setdefault("scales", {})[asked.scale] = figures = measured(Settings(home=folder), asked.scale)
    known["machine"] = result.machine()
    if asked.scale == "city":
        known |= {f"city_{name}": figures[name] for name in ("seconds", "peak_gb")}
        known["day_seconds"] = figures["day_seconds"]
    result.write("simulation", known)


if __name__ == "__main__":
    main()
