"""One run of the pipeline: its lock, its private build, what happened in it, and how it ended."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from jiceng_pipeline.core import clock, progress
from jiceng_pipeline.core.errors import JicengError, Locked, NothingPublished, SourceUnreachable
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import inputs, interrupts, report
from jiceng_pipeline.defs.layers import layer
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing.outcome import Outcome
from jiceng_pipeline.ledger.bound import bind
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.matching import takeover
from jiceng_pipeline.quality import run
from jiceng_pipeline.returns import grants
from jiceng_pipeline.warehouse import build, content_hash, publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.hashed_ahead import HashedAhead
from jiceng_pipeline.warehouse.publish import Published, Version


class Sync:
    """The state that the steps of one run share; `is_full` where the run makes every table."""

    def __init__(
        self, settings: Settings, run_id: str, *, is_full: bool, steps: int, is_stopped: Callable[[], bool]
    ) -> None:
        # a run that passes midnight stays in the day it began
        self.settings = replace(settings, business_date=clock.business_date(settings))
        self.run_id, self.is_full = run_id, is_full
        self.database: Path = build.private(settings, run_id)
        self.outcomes: dict[str, Outcome] = {}
        self.inputs: Mapping[str, Any] = {}
        self.until = 0
        self.published: Published | None = None
        self.errors: list[JicengError] = []
        self.is_stopped = is_stopped
        self.is_settled = self.is_interrupted = self.is_finished = False
        self._steps, self._done = steps, 0
        self._report: report.SyncReport | None = None
        self._started = time.monotonic()
        self._kept: tuple[ExitStack, duckdb.DuckDBPyConnection] | None = None
        self._ahead: HashedAhead | None = None
        self.hashes: content_hash.Hashes = {}
        self._is_alone = False
        if is_full:
            takeover.begin(settings, self.database)
        else:
            build.seed(settings, self.database)

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return round(time.monotonic() - self._started, 3)

    @property
    def is_unchanged(self) -> bool:
        """Whether it is known that nothing has to be built: the served version says it all."""
        return self.published is not None and not self.published.is_new

    def served_rows(self, table: str) -> int | None:
        """Return how many rows a table of the served version has; None of a view, which a version does not count."""
        told = self.published.version.manifest["tables"].get(table) if self.published is not None else None
        return told["rows"] if told else None

    @contextmanager
    def connection(self, *, alone: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open what this run builds, or, where nothing changed, the served version read-only.

        `alone`: only others of the kind have it open before it is opened anew, so what is set on this connection
        holds for nobody else.
        """
        if alone != self._is_alone and self.published is None:
            self.close()
        held = self._opened()
        self._is_alone = alone
        cursor = held.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def _opened(self) -> duckdb.DuckDBPyConnection:
        """Return one connection that is held while the run lasts.

        What the last one to a build closes is written out, and to open a version takes longer than to look at a table.
        """
        if self._kept is None:
            served = self.published.version.database if self.published is not None else None
            stack = ExitStack()
            opened = connect(served or self.database, settings=self.settings, read_only=served is not None)
            self._kept = (stack, stack.enter_context(opened))
            if served is None:
                self._ahead = HashedAhead(self._kept[1])
        return self._kept[1]

    def made(self, table: str, rows: int) -> None:
        """Have a table that was just made hashed while others are made; `hashes` has it once the build is closed."""
        if self._ahead is not None:
            self._ahead.add(table, rows)

    def close(self) -> None:
        """Let go of the private build, so that all of it is in its file; whoever needs it again opens it again."""
        kept, self._kept = self._kept, None
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            self.hashes = {**self.hashes, **ahead.found()}
            ahead.close()
        if kept is not None:
            kept[0].close()

    def note(self, failure: BaseException) -> None:
        """Remember why a step failed; it decides the exit code."""
        if isinstance(failure, JicengError):
            self.errors.append(failure)
        else:
            self.is_interrupted = True

    def heed(self) -> None:
        """Raise KeyboardInterrupt where the run was asked to stop and has not come to its end."""
        if self.is_stopped() and not self.is_finished:
            raise KeyboardInterrupt

    def ended(self) -> int:
        """Remove the private build, write the run's report, once, and return its exit code."""
        if self._report is None:
            self._report = report.assemble(self)
            if self._ahead is not None:
                self._ahead.close()  # nobody publishes any more
            self.close()
            if self._report.exit_code != NothingPublished.exit_code:  # a blocked build is kept, to see why
                build.discard(self.settings, self.run_id)
            self._report.write(self.settings)
        return self._report.exit_code

    def pulled(self, contract: Contract, outcome: Outcome) -> None:
        """Remember how a pull went; a failed one leaves the last snapshot in force."""
        self.outcomes[contract.name] = outcome
        if outcome.status == "landed":  # something will be built and checked
            run.prepare()
        self.step_done("landing", contract.title, outcome.rows_in)

    def step_done(self, schema: str, subject: str, rows: int | None = None) -> None:
        """Tell whoever watches that one more step is done."""
        self._done += 1
        progress.report(progress.Step(layer(schema).stage, subject, rows=rows, done=self._done, total=self._steps))

    def bind(self) -> None:
        """Note, once all was pulled, up to which event this run reads the ledger."""
        self.until = inputs.ledger_seq(self.settings)
        with self.connection() as connection:
            bind(connection, self.until)

    def settle(self) -> None:
        """Decide, after the pulls, what this run is a function of, and whether there is anything to build.

        Raise SourceUnreachable where every system pulled was unreachable. Where landing, ledger,
        business date and code are those of the served version, it is not built again.
        """
        self.is_settled = True
        pulled = self.outcomes.values()
        if pulled and all((outcome.error or {}).get("kind") == SourceUnreachable.__name__ for outcome in pulled):
            raise SourceUnreachable(
                "没有一个系统连得上", where="、".join(self.outcomes), cure="检查网络和 connections.yaml 后重试"
            )
        self.inputs = inputs.inputs(self.settings, self.until)
        served = publish.current(self.settings)
        if served and self.is_full and self._same(served) and not any(o.status == "failed" for o in pulled):
            self.close()  # what is looked at from here on is the served version
            self.published = Published(served, is_new=False)

    def _same(self, served: Version) -> bool:
        """Say whether that version was made of the same, with every system's pull gone well."""
        systems = served.manifest["summary"]["systems"].values()
        return not any(told["stale"] for told in systems) and inputs.is_same(
            self.settings, served.manifest["inputs"], self.inputs
        )


@contextmanager
def running(
    settings: Settings, run_id: str, *, is_full: bool, steps: int = 0, patience_seconds: float = 0
) -> Iterator[Sync]:
    """Hold the instance for one run; when it ends, however it ends, write its report and tidy up.

    Raise Locked where another run still holds the instance after `patience_seconds`.
    """
    with _locked(settings, patience_seconds), interrupts.watched() as is_stopped:
        build.clear_leftovers(settings)
        inputs.check_ledger(settings)
        with open_ledger(settings) as ledger:
            grants.ensure_operator(ledger)
        sync = Sync(settings, run_id, is_full=is_full, steps=steps, is_stopped=is_stopped)
        try:
            yield sync
        finally:
            sync.ended()


@contextmanager
def _locked(settings: Settings, patience_seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + patience_seconds
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(build.lock(settings))
                break
            except Locked:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(1)
        yield
