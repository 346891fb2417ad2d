"""The figures of many runs as one JSON: times, memory and accuracy, with their spread over seeds and repeats."""

import json
import os
from importlib.metadata import version
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks import result

KNOWLEDGE = (
    "The authors of this repository wrote the simulation, the engine and both Splink configurations. The engine "
    "and the Splink model know the same kinds of error (valid and borrowed numbers, slips in numbers, readings, "
    "signs unread or left out, 1 January, day for month, the moon, household pattern); both were tuned on seeds "
    "11 to 13 only and are reported on seeds never used before. The anchors' rules for changed family names, for "
    "another's birth date and for twins came of looking at what was lost or wrongly joined on those seeds. Nothing "
    "here proves accuracy on real records."
)
_NAMES = {"engine": "engine", "splink": "splink", "splink_after_anchors": "fair", "bound": "bound"}


def write(runs: Path) -> None:
    """Write the summary of every run under `runs`."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted(runs.glob("*-[0-9].json"))]
    hard = [json.loads(path.read_text("utf-8")) for path in sorted(runs.glob("*.floors.json"))]
    sizes = list(dict.fromkeys(each["size"] for each in found))
    figures = {
        "command": "python -m benchmarks.matching",
        "machine": result.machine(),
        "load_of_machine": round(os.getloadavg()[1], 1),  # where it is above the cores, look at CPU seconds
        "versions": {name: version(name) for name in ("duckdb", "splink")},
        "who_knows_what": KNOWLEDGE,
        "sizes": {size: _size([e for e in found if e["size"] == size], hard, size) for size in sizes},
    }
    result.keep("matching", figures)


def _size(found: list[dict[str, Any]], hard: list[dict[str, Any]], size: str) -> dict[str, Any]:
    """Return a size's headline over all profiles, and every contender per profile with its spread."""
    profiles = list(dict.fromkeys(each["profile"] for each in found))
    summary = _headline([each for each in found if each["profile"] == profiles[0]])
    summary["profile"] = profiles[0]
    summary["profiles"] = {}
    for profile in profiles:
        own = [each for each in found if each["profile"] == profile]
        floors = [each for each in hard if each["size"] == size and each["profile"] == profile]
        told = ("records", "cities", "people_left_out", "share_without_number", "exact_number_f1")
        summary["profiles"][profile] = {
            "headline": _headline(own),
            "seeds": sorted({each["seed"] for each in own}),
            "over_merged": {
                str(seed): {e["contender"]: e["scores"]["over_merged"] for e in own if e["seed"] == seed}
                for seed in sorted({each["seed"] for each in own})
            },
            "memory": own[0]["memory"],
            "threads": own[0]["threads"],
            "hardness": {name: _spread([each[name] for each in floors]) for name in told} if floors else {},
            "contenders": {
                name: _contender([each for each in own if each["contender"] == name])
                for name in dict.fromkeys(each["contender"] for each in own)
            },
        }
    return summary


def _present(found: list[dict[str, Any]]) -> list[str]:
    return [name for name in _NAMES if any(each["contender"] == name for each in found)]


def _headline(found: list[dict[str, Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in _present(found):
        own = [each for each in found if each["contender"] == name]
        told[f"{_NAMES[name]}_seconds"] = round(_least(own), 2)
        told[f"{_NAMES[name]}_cpu_seconds"] = round(_least(own, "cpu_seconds"), 2)
        told[f"{_NAMES[name]}_peak_gb"] = round(max(each["peak_gb"] for each in own), 2)
        for score in ("f1", "precision", "recall", "over_merged"):
            told[f"{_NAMES[name]}_{score}"] = round(mean(each["scores"][score] for each in own), 6)
    for name in ("engine_day", "splink_day"):
        days = [_day(each) for each in found if each["contender"] == name]
        if days:
            told[f"{name}_seconds"] = round(median(days), 2)
    if "engine_seconds" in told:
        for other, ratio in (("splink", "ratio_splink"), ("fair", "ratio_fair")):
            if f"{other}_seconds" in told:
                told[ratio] = round(told[f"{other}_seconds"] / told["engine_seconds"], 2)
                # what a busy machine does not change much
                told[f"{ratio}_cpu"] = round(told[f"{other}_cpu_seconds"] / told["engine_cpu_seconds"], 2)
        if "bound_seconds" in told:
            told["ratio_bound"] = round(told["engine_seconds"] / told["bound_seconds"], 2)
    return told


def _least(own: list[dict[str, Any]], of: str = "seconds") -> float:
    """Return the median over the seeds of the least of the repeats: what else the machine does only adds."""
    seeds = {each["seed"] for each in own}
    least: list[float] = [min(each[of] for each in own if each["seed"] == seed) for seed in seeds]
    return median(least)


def _day(run: dict[str, Any]) -> float:
    """Return what the day cost, without what stood before it."""
    phases: dict[str, float] = run["phases"]
    return sum(seconds for name, seconds in phases.items() if name.startswith("day"))


def _contender(own: list[dict[str, Any]]) -> dict[str, Any]:
    phases = {name: None for each in own for name in each["phases"]}
    return {
        "runs": len(own),
        "seconds": _spread([each["seconds"] for each in own]),
        "cpu_seconds": _spread([each["cpu_seconds"] for each in own]),
        "phases": {name: round(median(each["phases"].get(name, 0.0) for each in own), 2) for name in phases},
        "peak_gb": _spread([each["peak_gb"] for each in own]),
        "counts": own[0]["counts"],
        "scores": {name: _spread([each["scores"][name] for each in own]) for name in own[0]["scores"]},
    }


def _spread(values: list[float]) -> dict[str, float]:
    return {"mean": round(mean(values), 6), "least": round(min(values), 6), "most": round(max(values), 6)}
