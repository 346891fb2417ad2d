"""One contender in a process of its own: `python -m benchmarks.matching.contender NAME DATASET ANSWER MEMORY THREADS`.

Prints what it needed as JSON. The clock runs from the opening of the database to the written answer;
importing libraries is not counted for anybody.
"""

import json
import logging
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from benchmarks import result
from benchmarks.matching.contest import Contender, opened
from benchmarks.matching.dataset import LINK, Dataset, steps
from jiceng_pipeline.core.settings import Settings

CONTENDERS = {
    "bound": "engine:bound",
    "engine": "engine:engine",
    "splink": "splink_alone:splink",
    "splink_after_anchors": "splink_after_anchors:splink_after_anchors",
    "splink_day": "splink_day:splink_day",
    "engine_day": "engine_day:engine_day",
}


def contender(name: str) -> Contender:
    """Return a contender by name."""
    module, function = CONTENDERS[name].split(":")
    found: Contender = getattr(import_module(f"benchmarks.matching.{module}"), function)
    return found


def main() -> None:
    """Run the contender that the arguments name."""
    name, folder, answer, memory, threads = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    run = contender(name)
    import_module("jiceng_pipeline.ledger.database")  # which the program does at first use
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), memory_limit=memory, threads=int(threads))
        steps(settings, LINK)  # reads contracts and models, which is no part of matching
        before, started, worked = result.peak_gb(), time.perf_counter(), time.process_time()
        with opened(Dataset(Path(folder)), settings, Path(answer)) as contest:
            run(contest)
            seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        found = {
            "seconds": round(seconds, 3),
            "cpu_seconds": round(cpu, 3),  # of all threads: what a busy machine does not change much
            "phases": contest.phases,
            "cpu_phases": contest.cpu,
            "counts": contest.counts,
            "peak_gb": result.peak_gb(),
            "imported_gb": before,
        }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
