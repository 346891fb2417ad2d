"""Accuracy of whole syncs on simulated streets of seeds that nothing was tuned on.

    .venv/bin/python benchmarks/accuracy.py [--seeds 24,25,26] [--profiles default,harsh]

Writes benchmarks/results/accuracy.json: of every profile the least, mean and most of each figure over the
seeds, what became of every kind of error, and how hard the data was. None of it proves accuracy on real records.
"""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import mean
from typing import Any

from jiceng_pipeline.cli.evaluate import measure
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.simulation.running import running
from jiceng_pipeline.simulation.simulate import simulate

RESULT = Path(__file__).with_name("results") / "accuracy.json"
ENTITIES = ("resident", "household", "enterprise")


def synced(seed: int, profile: str) -> dict[str, Any]:
    """Return the figures of one street, simulated, synced once and compared with its truth."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        simulate(settings, scale="street", seed=seed, profile=profile)
        with running(settings):
            report = run_sync(settings)
        if not report.version:
            raise SystemExit(f"{profile} {seed}: nothing was published")
        return measure(settings)


def spread(values: list[float]) -> dict[str, float]:
    """Return least, mean and most."""
    return {"least": round(min(values), 6), "mean": round(mean(values), 6), "most": round(max(values), 6)}


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of one profile over its seeds."""
    kinds: dict[str, list[dict[str, float]]] = defaultdict(list)
    for each in found:
        for kind, told in each["by_error"].items():
            kinds[kind].append(told)
    return {
        **{
            entity: {name: spread([each[entity][name] for each in found]) for name in found[0][entity]}
            for entity in ENTITIES
        },
        "valid_ids_merged": sum(each["valid_ids_merged"] for each in found),
        "by_error": {
            kind: {
                "records": sum(each["records"] for each in told),
                "found": round(
                    sum(each["records"] * each["found"] for each in told) / sum(e["records"] for e in told), 5
                ),
            }
            for kind, told in sorted(kinds.items())
        },
        "hardness": {
            name: spread([each["hardness"][name] for each in found])
            for name in ("records", "share_without_usable_id", "exact_id_recall", "exact_id_f1")
        },
    }


def main() -> None:
    """Measure every profile on every seed and write the figures."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--seeds", default="24,25,26", help="never those that thresholds were chosen on")
    asked.add_argument("--profiles", default="default,harsh")
    given = asked.parse_args()
    seeds = [int(seed) for seed in given.seeds.split(",")]
    figures: dict[str, Any] = {"command": "python benchmarks/accuracy.py", "scale": "street", "seeds": seeds}
    for profile in given.profiles.split(","):
        found = [synced(seed, profile) for seed in seeds]
        figures[profile] = {"error_model": found[0]["error_model"]["fingerprint"], **summary(found)}
        RESULT.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    sys.stdout.write(RESULT.read_text("utf-8"))


if __name__ == "__main__":
    main()
