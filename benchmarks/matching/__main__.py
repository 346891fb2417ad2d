"""Compare the contenders: `python -m benchmarks.matching --work DIR [--sizes street,1m,10m] [--seeds 21,22,23] ...`.

Every contender runs in a process of its own, in an order that turns from repeat to repeat. What has been
measured is kept under `DIR/runs` and not measured again; take a new DIR for other code or another machine.
Writes benchmarks/results/matching.json from all that is there.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import result
from benchmarks.matching import judging, report
from benchmarks.matching.contender import CONTENDERS
from benchmarks.matching.dataset import Dataset, Wanted, prepare
from jiceng_pipeline.core.settings import Settings

SIZES = {"street": None, "1m": 1_000_000, "10m": 10_000_000, "30m": 30_000_000}
ROOT = Path(__file__).parents[2]


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.matching")
    asked.add_argument("--work", type=Path, required=True, help="folder for cities, datasets and runs")
    asked.add_argument("--sizes", default="street,1m,10m", help=", ".join(SIZES))
    asked.add_argument("--city", default="district", help="scale of the cities that 1m, 10m and 30m are made of")
    asked.add_argument("--profiles", default="default,harsh")
    asked.add_argument("--seeds", default="41,42,43", help="never those that were looked at before")
    asked.add_argument("--contenders", default=",".join(c for c in CONTENDERS if c != "engine_day"))
    asked.add_argument("--repeats", type=int, default=3)
    asked.add_argument("--memory", default="12GB")
    asked.add_argument("--threads", default="2")
    return asked.parse_args()


def measure(asked: argparse.Namespace, size: str, dataset: Dataset, profile: str, seed: int) -> None:
    """Run every contender on one dataset as often as asked, and keep what came out."""
    runs = asked.work / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    settings = Settings(home=asked.work / "scratch", memory_limit=asked.memory, threads=int(asked.threads))
    names = asked.contenders.split(",")
    about = {"size": size, "profile": profile, "seed": seed, "memory": asked.memory, "threads": int(asked.threads)}
    for repeat in range(asked.repeats):
        turn = repeat % len(names)
        for name in names[turn:] + names[:turn]:
            note = runs / f"{size}-{profile}-{seed}-{name}-{repeat}.json"
            if note.exists():
                continue
            answer = note.with_suffix(".parquet")
            found = run(name, dataset, answer, asked.memory, asked.threads)
            found |= about | {"contender": name, "repeat": repeat, "scores": judging.judged(dataset, settings, answer)}
            answer.unlink()
            note.write_text(json.dumps(found), "utf-8")
            say(found)
    floor = runs / f"{size}-{profile}-{seed}.floors.json"
    if not floor.exists():
        floor.write_text(json.dumps(about | judging.floors(dataset, settings) | dataset.facts()), "utf-8")


def run(name: str, dataset: Dataset, answer: Path, memory: str, threads: str) -> dict[str, Any]:
    """Run one contender in a process of its own."""
    given = (name, str(dataset.folder.absolute()), str(answer.absolute()), memory, threads)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.matching.contender", *given],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise SystemExit(f"{name}: exit code {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def say(found: dict[str, Any]) -> None:
    """Print one run."""
    scores = found["scores"]
    sys.stdout.write(
        f"{found['size']:6} {found['profile']:7} {found['seed']:4} {found['contender']:20} {found['seconds']:8.2f} s"
        f" {found['peak_gb']:6.2f} GB  P {scores['precision']:.5f} R {scores['recall']:.5f} F1 {scores['f1']:.5f}"
        f" B3 {scores['b3_f1']:.5f} over-merged {scores['over_merged']} split {scores['split']}\n"
    )
    sys.stdout.flush()


def main() -> None:
    """Measure all that is asked for, smallest first, and write the figures."""
    asked = arguments()
    for size in asked.sizes.split(","):
        records = SIZES[size]
        scale = "street" if records is None else asked.city
        for profile in asked.profiles.split(","):
            for seed in map(int, asked.seeds.split(",")):
                dataset = prepare(asked.work, Wanted(scale, profile, seed, records))
                measure(asked, size, dataset, profile, seed)
                report.write(asked.work / "runs")
    sys.stdout.write((result.FOLDER / "matching.json").read_text("utf-8"))


if __name__ == "__main__":
    main()
