"""The one resource: the run itself, from its lock to its report."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg
from pydantic import PrivateAttr

from jiceng_pipeline.core import garbage
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import catalogue, processes
from jiceng_pipeline.defs import instance as history
from jiceng_pipeline.defs import sync as syncs
from jiceng_pipeline.defs.failure import guarded
from jiceng_pipeline.defs.layers import key
from jiceng_pipeline.defs.report import INTERRUPTED
from jiceng_pipeline.defs.sync import Sync

T = TypeVar("T")
# Nobody sits before a run that the night or a file started: it can wait for somebody's `jiceng sync`.
_AUTOMATIC = {"dagster/schedule_name", "dagster/sensor_name"}
_PATIENCE_SECONDS = 1800


class SyncRun(dg.ConfigurableResource[Any]):
    """What the steps of a run share. Left empty, the settings are those of the environment."""

    home: str = ""
    business_date: str = ""
    memory_limit: str = ""
    threads: int = 0

    _sync: Sync | None = PrivateAttr(default=None)

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

        return guarded(where, heeding, self.sync.note)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["SyncRun"]:
        """Hold the instance while the run lasts; raise Locked where another run holds it."""
        run, instance = context.run, context.instance
        assert run is not None and instance is not None
        processes.sign(instance, run.run_id)
        settings, steps = self.settings, _steps(instance, run)
        with (
            garbage.seldom(),
            syncs.running(
                settings,
                run.run_id,
                is_full={"__".join(key(name).path) for name in catalogue.tables(settings)} <= steps,
                steps=len(steps),
                patience_seconds=_PATIENCE_SECONDS if _AUTOMATIC & set(run.tags) else 0,
            ) as sync,
        ):
            self._sync = sync
            history.forget(settings, instance)
            try:
                yield self
            finally:
                self._sync = None
                if sync.ended() == INTERRUPTED:  # so that Dagster calls the run cancelled, not failed
                    instance.report_run_canceling(run, "要求停止")


def _steps(instance: dg.DagsterInstance, run: dg.DagsterRun) -> set[str]:
    """Return the steps that this run takes; one that goes on from a failure takes only the last of them."""
    plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id or "")
    return set(plan.step_keys_to_execute)


@dg.definitions
def defs() -> dg.Definitions:
    """Return the resource, and the executor that lets one resource serve a whole run."""
    return dg.Definitions(resources={"sync_run": SyncRun()}, executor=dg.in_process_executor)
