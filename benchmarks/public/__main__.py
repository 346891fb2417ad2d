"""Both engines on FEBRL 1 to 4: `python -m benchmarks.public`; writes benchmarks/results/public.json."""

import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import result
from benchmarks.matching.metrics import scores
from benchmarks.public import engine_febrl, febrl, splink_febrl
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse.connection import connect


def judged(name: str, cluster: Callable[[duckdb.DuckDBPyConnection, Settings], None]) -> dict[str, Any]:
    """Return the scores of one contender on one set, and its seconds."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        with connect(settings=settings) as connection:
            febrl.load(connection, name)
            started = time.perf_counter()
            cluster(connection, settings)
            seconds = time.perf_counter() - started
            found = scores(
                connection,
                """select a.predicted, t.true_id, false as is_residual
                from truth as t left join answer as a using (record_id)""",
            )
    kept = {score: round(value, 6) for score, value in found.items() if not score.startswith("residual")}
    return kept | {"seconds": round(seconds, 2)}


def main() -> None:
    """Run and write the figures."""
    logging.disable(logging.CRITICAL)
    figures = {}
    for name in febrl.SETS:
        engine = judged(name, engine_febrl.cluster)
        splink = judged(name, lambda connection, _: splink_febrl.cluster(connection))
        figures[name] = {
            "engine_f1": engine["f1"],
            "splink_f1": splink["f1"],
            "engine": engine,
            "splink": splink,
        }
    result.write("public", figures)


if __name__ == "__main__":
    main()
