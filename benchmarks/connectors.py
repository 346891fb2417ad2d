"""How fast each connector is beside the plain library reading the same store, both writing Parquet.

    python -m benchmarks.connectors [--rows 200000] [--kinds delimited,dbf] [--repeat 5]

Every store has ten columns of text. Each measurement is a process of its own, ours and the library's taken
in turn; the least of the seconds counts, for what else the machine does only ever adds to them; imports do
not. `ratio_to_plain_library` is seconds of ours by seconds of theirs: below 1 ours is faster. `pull_*` is the
whole pull of landing: reading, ids, hashes, checks. `peak_mb` is the most of all runs; `peak_mb_of_a_quarter` is
that of ours on a store with a quarter of the rows: where both are alike, memory does not grow with size.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from benchmarks import plain, result, stores

_MOST = ("rows", "peak_mb")
VERSIONS = ("duckdb", "pyarrow", "numpy", "lxml", "python-calamine", "dbfread", "httpx")


def measured(store: stores.Store, how: str, folder: Path) -> dict[str, float]:
    """Run one reading in a process of its own and return its seconds, rows and peak of memory."""
    child = ["--child", how, "--folder", str(folder), "--store", json.dumps(store.noted())]
    command = [sys.executable, "-m", "benchmarks.connectors", *child]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{store.name} {how}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def compared(store: stores.Store, small: stores.Store, repeat: int, folder: Path) -> dict[str, float | int | str]:
    """Return what one connector takes beside the plain library, and how much memory for the small store."""
    taken = {how: [] for how in ("ours", "plain", "pull")}
    for _ in range(repeat):
        for how, found in taken.items():
            found.append(measured(store, how, folder))
    little = measured(small, "ours", folder)
    ours, theirs, pull = (
        {"seconds": min(each["seconds"] for each in found), **{key: max(each[key] for each in found) for key in _MOST}}
        for found in taken.values()
    )
    assert ours["rows"] == theirs["rows"] == pull["rows"] == store.rows, (store.name, ours, theirs, pull)
    return {
        "connector": store.kind,
        "plain_library": plain.NAMES[store.name],
        "rows": store.rows,
        "repeat": repeat,
        "rows_per_second": round(store.rows / ours["seconds"]),
        "peak_mb": round(ours["peak_mb"]),
        "peak_mb_of_a_quarter": round(little["peak_mb"]),
        "ratio_to_plain_library": round(ours["seconds"] / theirs["seconds"], 2),
        "plain_rows_per_second": round(store.rows / theirs["seconds"]),
        "plain_peak_mb": round(theirs["peak_mb"]),
        "pull_rows_per_second": round(store.rows / pull["seconds"]),
        "pull_peak_mb": round(pull["peak_mb"]),
    }


def main() -> None:
    """Measure and write results/connectors.json."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rows", type=int, default=200_000)
    arguments.add_argument("--repeat", type=int, default=5)
    arguments.add_argument("--kinds", default=",".join(stores.MAKERS))
    arguments.add_argument("--results", type=Path, default=result.FOLDER, help="folder")
    arguments.add_argument("--child")
    arguments.add_argument("--folder", type=Path)
    arguments.add_argument("--store")
    given = arguments.parse_args()
    if given.child:
        print(json.dumps(plain.run(given.child, json.loads(given.store), given.folder)))
        return
    # measuring some again keeps what is known of the others
    some = set(given.kinds.split(",")) < set(stores.MAKERS)
    found = result.known("connectors", given.results).get("connectors", {}) if some else {}
    for name in given.kinds.split(","):
        with tempfile.TemporaryDirectory(prefix="jiceng-bench-") as folder, ExitStack() as servers:
            places = Path(folder, "all"), Path(folder, "quarter")
            for place in places:
                place.mkdir()
            store = stores.MAKERS[name](places[0], given.rows, servers)
            small = stores.MAKERS[name](places[1], given.rows // 4, servers)
            found[name] = compared(store, small, given.repeat, Path(folder))
        print(f"{name:13}", found[name], flush=True)
    machine = result.machine() | {name: version(name) for name in VERSIONS}
    command = "python -m benchmarks.connectors --rows <rows> --repeat <repeat>"
    result.keep("connectors", {"command": command, "machine": machine, "connectors": found}, given.results)


if __name__ == "__main__":
    main()
