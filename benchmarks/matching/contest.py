"""What every contender does alike: opens the same tables under the same limits, is timed, writes its answer."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from benchmarks.matching.dataset import Dataset, steps
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.table import materialise


@dataclass
class Contest:
    """One run of one contender: where its records are, where its answer goes, what it needed."""

    connection: duckdb.DuckDBPyConnection
    dataset: Dataset
    settings: Settings
    answer: Path
    phases: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)  # of all threads, by the same names
    counts: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        started, spent = time.perf_counter(), time.process_time()
        yield
        self.cpu[name] = round(self.cpu.get(name, 0.0) + time.process_time() - spent, 3)
        self.phases[name] = round(self.phases.get(name, 0.0) + time.perf_counter() - started, 3)

    def make(self, target: str) -> None:
        """Make a table of the build and all that it needs and that is not made yet, each step timed."""
        for table in steps(self.settings, target):
            if table.full_name not in self.phases:
                with self.phase(table.full_name):
                    materialise(self.connection, table, self.settings)

    def count(self, name: str, rows: str) -> None:
        """Remember how many rows a table or select has."""
        self.counts[name] = self.connection.execute(f"select count(*) from {rows}").fetchall()[0][0]

    def write(self, select: str) -> None:
        """Write the answer: record_id, entity_id."""
        with self.phase("write"):
            self.connection.execute(f"copy ({select}) to {literal(str(self.answer))} (compression zstd)")


Contender = Callable[[Contest], None]


@contextmanager
def opened(dataset: Dataset, settings: Settings, answer: Path) -> Iterator[Contest]:
    """Open a scratch database in memory with the prepared tables as views of their Parquet."""
    with connect(settings=settings) as connection:
        connection.execute("create schema standard; create schema staging")
        for name, path in dataset.tables().items():
            connection.execute(f"create view {name} as from read_parquet({literal(str(path))})")
        yield Contest(connection, dataset, settings, answer)
