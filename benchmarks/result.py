"""What a benchmark found, in benchmarks/results: written beside what others found, and printed."""

import json
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

FOLDER = Path(__file__).with_name("results")
T = TypeVar("T")


def machine() -> dict[str, Any]:
    """Return what figures of time depend on."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.machine()}


def timed(work: Callable[[], T]) -> tuple[float, float, T]:
    """Return the seconds of the clock and of the processor that a piece of work takes, and what it returns."""
    started, spent = time.perf_counter(), time.process_time()
    returned = work()
    return round(time.perf_counter() - started, 2), round(time.process_time() - spent, 2), returned


def peak_gb() -> float:
    """Return the most memory this process has held."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss outlives exec, so it may be the parent's
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return round(int(line.split()[1]) / 2**20, 3)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(used / (2**30 if sys.platform == "darwin" else 2**20), 3)


def known(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """Return what `<name>.json` says from before, nothing where there is no such file."""
    path = folder / f"{name}.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def keep(name: str, figures: Mapping[str, Any], to: Path = FOLDER) -> str:
    """Write the figures as `<name>.json` and return what is written."""
    text = json.dumps(figures, ensure_ascii=False, indent=1) + "\n"
    to.mkdir(parents=True, exist_ok=True)
    (to / f"{name}.json").write_text(text, "utf-8")
    return text


def write_scale(name: str, scale: str, figures: Mapping[str, Any]) -> None:
    """Write and print the figures of one scale; those of other scales stay."""
    scales = known(name).get("scales", {})
    write(name, {"scales": {**scales, scale: figures}})


def write(name: str, figures: Mapping[str, Any], to: Path = FOLDER) -> None:
    """Write the figures as `<name>.json` and print them."""
    sys.stdout.write(keep(name, figures, to))
