"""What cutting a package costs: each format of one community's people, beside a plain copy of the same rows.

    python -m benchmarks.packages HOME [--repeats 5]

HOME is a synced home; it is copied. The community with the most people is asked for. Plain is what DuckDB itself takes
to open the same version and write the same rows as CSV: without leave asked and written down, without masks, words for
codes, explanations and forms to tick. Processor seconds of all threads, the least of the repeats, all alternated in
one run. Written to benchmarks/results/packages.json: rows, plain_cpu_seconds, and per format cpu_seconds, times_plain
and bytes.
"""

import argparse
import platform
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from benchmarks import result
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants, package
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

DATASET = "resident_register"


def main() -> None:
    """Run it and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        shutil.copytree(asked.home, Path(folder) / "home", symlinks=True)
        settings = Settings(home=Path(folder) / "home", threads=1)
        with open_ledger(settings) as ledger:
            grants.ensure_operator(ledger)
        found = measure(settings, asked.repeats)
    result.write("packages", found)


def measure(settings: Settings, repeats: int) -> dict[str, object]:
    """Cut every format in turn, as often as that, and return the figures."""
    version = publish.find(settings)
    with connect(version.database, settings=settings, read_only=True) as connection:
        community, rows = connection.execute(
            f"select community_code, count(*) from returned.{DATASET} group by all order by 2 desc, 1 limit 1"
        ).fetchall()[0]
    copy = settings.home / "plain.csv"

    def plain() -> int:
        with connect(version.database, settings=settings, read_only=True) as connection:
            select = f"from returned.{DATASET} where community_code = {literal(community)}"
            connection.execute(f"copy ({select}) to {literal(str(copy))} (format csv, header)")
        return copy.stat().st_size

    def ours(kind: str) -> int:
        done = package.cut(settings, actor="operator", community=community, dataset=DATASET, format=kind)
        if done.rows != rows:
            raise SystemExit(f"{kind}: {done.rows} rows in the package, {rows} in the version")
        return done.path.stat().st_size

    makers: dict[str, Callable[[], int]] = {"plain": plain}
    makers |= {kind: partial(ours, kind) for kind in package.kinds()}
    taken = {name: list[float]() for name in makers}
    size = dict[str, int]()
    for _ in range(repeats + 1):
        for name, make in makers.items():
            begun = time.process_time()
            size[name] = make()
            taken[name].append(time.process_time() - begun)
    least = {name: min(each[1:]) for name, each in taken.items()}  # the first imports what it needs
    return {
        "versions": {"duckdb": duckdb.__version__, "python": platform.python_version()},
        "dataset": DATASET,
        "rows": rows,
        "plain_cpu_seconds": round(least["plain"], 3),
        "formats": {
            kind: {
                "cpu_seconds": round(least[kind], 3),
                "times_plain": round(least[kind] / least["plain"], 1),
                "bytes": size[kind],
            }
            for kind in package.kinds()
        },
    }


if __name__ == "__main__":
    main()
