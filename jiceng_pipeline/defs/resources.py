"""The one resource: the run itself, from its lock to its report."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg
from pydantic import PrivateAttr

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import catalogue, processes
from jiceng_pipeline.defs import sync as syncs
from jiceng_pipeline.defs.failure import guarded
from jiceng_pipeline.defs.layers import key
from jiceng_pipeline.defs.sync import Sync

T = TypeVar("T")


class SyncRun(dg.ConfigurableResource[Any]):
    """What the steps of a run share. Left empty, the settings are those of the environment."""

    home: str = ""
    business_date: str = ""
    memory_limit: str = ""
    threads: int = 0

    _sync: Sync | None = PrivateAttr(default=None)
    _cancel: Callable[[], None] | None = PrivateAttr(default=None)

    @classmethod
    def of(cls, settings: Settings) -> dict[str, object]:
        """Return the resource's config for a run of these settings."""
        return {
            "home": str(settings.home),
            "business_date": settings.business_date.isoformat() if settings.business_date else "",
            "memory_limit": settings.memory_limit,
            "threads": settings.threads,
        }

    @property
    def settings(self) -> Settings:
        """The settings of this run."""
        found = Settings.load(Path(self.home) if self.home else None)
        return replace(
            found,
            business_date=date.fromisoformat(self.business_date) if self.business_date else found.business_date,
            memory_limit=self.memory_limit or found.memory_limit,
            threads=self.threads or found.threads,
        )

    @property
    def sync(self) -> Sync:
        """The run going on; a step that has this resource has one."""
        assert self._sync is not None
        return self._sync

    def step(self, where: str, body: Callable[[Sync], T]) -> T:
        """Run a step's body; what it raises reaches Dagster clean, and decides how the run ends."""

        def heeding() -> T:
            made = body(self.sync)
            self.sync.heed()
            return made

        return guarded(where, heeding, self._note)

    def _note(self, failure: BaseException) -> None:
        self.sync.note(failure)
        if self.sync.is_interrupted and self._cancel:
            self._cancel()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["SyncRun"]:
        """Hold the instance while the run lasts; raise Locked where another run holds it."""
        run, instance = context.run, context.instance
        assert run is not None and instance is not None
        instance.add_run_tags(run.run_id, {processes.TAG: processes.me()})
        settings = self.settings
        wanted = run.asset_selection or None
        is_full = wanted is None or {key(name) for name in catalogue.tables(settings)} <= set(wanted)
        with syncs.running(settings, run.run_id, is_full=is_full, steps=_steps(instance, run)) as sync:
            self._sync = sync
            # so that Dagster calls a run that was asked to stop cancelled, not failed
            self._cancel = lambda: instance.report_run_canceling(run, "要求停止")
            try:
                yield self
            finally:
                self._sync = self._cancel = None


def _steps(instance: dg.DagsterInstance, run: dg.DagsterRun) -> int:
    snapshot = run.execution_plan_snapshot_id
    plan = instance.get_execution_plan_snapshot(snapshot) if snapshot else None
    return len(plan.step_keys_to_execute) if plan else 0


@dg.definitions
def defs() -> dg.Definitions:
    """Return the resource, and the executor that lets one resource serve a whole run."""
    return dg.Definitions(resources={"sync_run": SyncRun()}, executor=dg.in_process_executor)
