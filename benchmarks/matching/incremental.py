"""A day's change against a full run, and against what the same day costs Splink: CPU seconds, and whether it is equal.

    python -m benchmarks.matching.incremental --work DIR [--records 1000000] [--city district] [--seed 24]

Writes benchmarks/results/incremental.json. The day is of the records that arrive in `splink_day`, 0.3 % of all.
"""

import argparse
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import result
from benchmarks.matching.__main__ import run
from benchmarks.matching.dataset import Wanted, prepare


def cpu(found: dict[str, Any], of: str) -> float:
    """Return what all phases of one part of a run took."""
    return round(sum(spent for name, spent in found["cpu_phases"].items() if name.startswith(f"{of} ")), 2)


def main() -> None:
    """Run both and write the figures."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.matching.incremental")
    asked.add_argument("--work", type=Path, required=True, help="folder for cities and datasets")
    asked.add_argument("--records", type=int, default=1_000_000)
    asked.add_argument("--city", default="district")
    asked.add_argument("--seed", type=int, default=24)
    asked.add_argument("--memory", default="6GB")
    asked.add_argument("--threads", default="2")
    told = asked.parse_args()
    dataset = prepare(told.work, Wanted(told.city, "default", told.seed, told.records))
    answer = told.work / "incremental.parquet"
    engine, splink = (run(name, dataset, answer, told.memory, told.threads) for name in ("engine_day", "splink_day"))
    full, day, splink_day = cpu(engine, "full"), cpu(engine, "day"), cpu(splink, "day")
    other = cpu(engine, "other")
    figures = {
        "command": f"python -m benchmarks.matching.incremental --records {told.records} --seed {told.seed}",
        "machine": result.machine(),
        "versions": {name: version(name) for name in ("duckdb", "splink")},
        **engine["counts"],
        "equal": engine["counts"]["different_rows"] == 0,
        "full_cpu_seconds": full,
        "first_day_cpu_seconds": other,
        "day_cpu_seconds": day,
        "share": round(day / full, 3),
        "splink_day_cpu_seconds": splink_day,
        "times_less_than_splink": round(splink_day / day, 1),
        "splink_write_cpu_seconds": splink["cpu_phases"]["write"],
        "day_includes": (
            "finding among all records, by the number that staging made of each, those that came, went or changed; "
            "borrowed numbers, matches and links of the day; beginning the version's file as a copy of the tables that "
            "the day before left, and bringing both up to date; it follows a full run and one other day"
        ),
        "splink_day_includes": (
            "new records, which it is told, against old ones and among themselves; all clusters anew; not the looking "
            "for changes in old records, nor writing what each record belongs to (splink_write_cpu_seconds)"
        ),
        "engine_cpu_phases": engine["cpu_phases"],
        "splink_cpu_phases": splink["cpu_phases"],
    }
    answer.unlink()
    result.write("incremental", figures)


if __name__ == "__main__":
    main()
