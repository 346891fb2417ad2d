"""Disclosure control, audited by linear programmes: within a release, over its tables, and against earlier releases.

    python -m benchmarks.disclosure [--scale community] [--days 3] [--database FILE]

A city lives some days, every evening's version is released; FILE is a published database to audit beside it. Needs the
extra `bench` (highspy). Writes benchmarks/results/disclosure.json.

Two attackers. One sees everything a release shows as exact, before rounding, and all sums. The other also believes
that what the last three releases showed and this one does not is still what they showed.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import result
from benchmarks.linear import recoverable
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import release
from jiceng_pipeline.exchange.disclosure import ROUNDING, THRESHOLD, WIDTH, Cell, Pattern, System, unproved
from jiceng_pipeline.exchange.indicators import Node, indicators
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.days import live


def audited(made: System, pattern: Pattern) -> dict[str, Any]:
    """Return the figures of one release."""
    began = time.perf_counter()
    found, programmes = recoverable(made, pattern.suppressed)
    without, _ = recoverable(made, pattern.small)
    return {
        "figures": sum(1 for cell in made.values if cell[0] not in made.implicit),
        "small": len(pattern.small),
        "suppressed": len(pattern.suppressed),
        "recoverable": len(found),
        "recoverable_if_only_small_were_left_out": len(without),
        "unproved": len(unproved(made, pattern)),
        "programmes": programmes,
        "audit_seconds": round(time.perf_counter() - began, 1),
    }


def believed(made: System, pattern: Pattern, settings: Settings, earlier: list[Path]) -> list[Cell]:
    """Return the small figures that follow for who believes earlier releases where this one is silent."""
    known = indicators(settings.sql_models)
    bounds: dict[Cell, tuple[float, float]] = {}
    with connect(settings=settings) as connection:
        for folder in earlier:
            for indicator, category, division, value in connection.execute(
                "select indicator, category, division_code, value from read_parquet(?) where value is not null",
                [str(folder / "figures.parquet")],
            ).fetchall():
                cell = (made.number(known, Node(indicator, category)), division)
                if cell in pattern.suppressed:
                    bounds[cell] = (value - ROUNDING // 2, value + ROUNDING // 2)
    if not bounds:
        return []
    found, _ = recoverable(made, pattern.suppressed, bounds)
    return [cell for cell in found if 0 < made.value(cell) < THRESHOLD]


def evenings(folder: Path, scale: str, days: int) -> list[dict[str, Any]]:
    """Let a city live, release every evening, and return what was found each time."""
    settings = Settings(home=folder)
    told = []
    for evening in live(settings, days, scale):
        earlier = sorted(path.parent for path in (settings.home / "released").glob("2*/manifest.json"))[-3:]
        made_of = release.make(settings, actor="operator", purpose="统计公报")
        with connect(publish.find(settings).database, settings=settings, read_only=True) as connection:
            made, pattern = release.controlled(indicators(settings.sql_models), connection, earlier)
        found = audited(made, pattern)
        isolated = believed(made, pattern, settings, earlier)
        told.append({"day": evening.number, "new": made_of.is_new, **found, "isolated_by_differencing": len(isolated)})
        print(told[-1])
    return told


def of_database(path: Path) -> dict[str, Any]:
    """Return what is found in a release of one published database, and how long finding the pattern took."""
    with duckdb.connect(str(path), read_only=True) as connection:
        began = time.perf_counter()
        made, pattern = release.controlled(indicators(Settings.load().sql_models), connection)
        seconds = round(time.perf_counter() - began, 1)
    return {"divisions": len(made.parents), "protect_seconds": seconds, **audited(made, pattern)}


def main() -> None:
    """Run and write the figures."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--scale", default="community")
    arguments.add_argument("--days", type=int, default=3)
    arguments.add_argument("--database", type=Path)
    given = arguments.parse_args()
    larger = of_database(given.database) if given.database else None
    with tempfile.TemporaryDirectory() as folder:
        told = evenings(Path(folder) / "home", given.scale, given.days)
    every = [*told, *([larger] if larger else [])]
    known = indicators(Settings.load().sql_models)
    figures = {
        "command": f"python -m benchmarks.disclosure --scale {given.scale} --days {given.days}",
        "machine": result.machine(),
        "threshold": THRESHOLD,
        "width": WIDTH,
        "rounding": ROUNDING,
        "tables": sum(not each.is_ratio for each in known.values()),
        "releases": len(every),
        "suppressed": sum(each["suppressed"] for each in every),
        "recoverable": sum(each["recoverable"] for each in every),
        "recoverable_if_only_small_were_left_out": sum(e["recoverable_if_only_small_were_left_out"] for e in every),
        "isolated_by_differencing": sum(each["isolated_by_differencing"] for each in told),
        "days": told,
        **({"larger": larger} if larger else {}),
    }
    result.write("disclosure", figures)


if __name__ == "__main__":
    main()
