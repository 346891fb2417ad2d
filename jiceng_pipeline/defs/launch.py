"""The one way a sync starts from the command line and from tests: the same job the schedule starts."""

import time
from collections.abc import Collection
from contextlib import nullcontext
from uuid import uuid4

import dagster as dg

from jiceng_pipeline.core import errors
from jiceng_pipeline.core.errors import JicengError, UsageError
from jiceng_pipeline.core.progress import Listener, listening
from jiceng_pipeline.core.redaction import redacted
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import instance as history
from jiceng_pipeline.defs import processes, report
from jiceng_pipeline.defs.automation import JOB
from jiceng_pipeline.defs.failure import clean
from jiceng_pipeline.defs.layers import key
from jiceng_pipeline.defs.report import SyncReport
from jiceng_pipeline.defs.resources import SyncRun
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import agreement
from jiceng_pipeline.warehouse import build, publish

__all__ = ["SyncReport", "run_sync"]


def run_sync(
    settings: Settings,
    *,
    listener: Listener | None = None,
    systems: Collection[str] | None = None,
    instance: dg.DagsterInstance | None = None,
) -> SyncReport:
    """Pull, reconcile, check and publish once, in this process, and return how it went; never raise.

    `systems` are the ones to pull (`department/system`), the others keep their last snapshot; None: all.
    `instance` keeps the history of the run instead of the home's own.
    """
    started, run_id = time.monotonic(), str(uuid4())
    with listening(listener) if listener else nullcontext():
        try:
            with nullcontext(instance) if instance else history.opened(settings) as kept:
                agreement.check(contracts().values())
                with build.lock(settings):
                    publish.current(settings)  # a damaged version stops the sync before anything is pulled
                    history.reap(kept)
                return _run(settings, kept, run_id, systems)
        except BaseException as error:
            failure = clean(error, "sync")
    return _not_begun(settings, run_id, failure, time.monotonic() - started)


def _run(settings: Settings, instance: dg.DagsterInstance, run_id: str, systems: Collection[str] | None) -> SyncReport:
    from jiceng_pipeline.definitions import defs  # which loads this module too

    job = defs().resolve_job_def(JOB)
    result = job.execute_in_process(
        instance=instance,
        run_id=run_id,
        raise_on_error=False,
        run_config={
            "resources": {"sync_run": {"config": SyncRun.of(settings)}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
        asset_selection=None if systems is None else _selection(job, systems),
        tags={processes.TAG: processes.me(), ".dagster/repository": f"__repository__@{history.LOCATION}"},
    )
    told = SyncReport.read(settings, run_id)
    if told is None:
        raise _cause(result)
    if told.exit_code == JicengError.exit_code and told.error is None:
        told = report.corrected(told, _cause(result))
        told.write(settings)
    return told


def _selection(job: dg.JobDefinition, systems: Collection[str]) -> list[dg.AssetKey]:
    """Return every asset but the landed systems that are not to be pulled."""
    if unknown := sorted(set(systems) - set(contracts())):
        raise UsageError(f"没有系统 {unknown[0]}", where="systems", cure=f"可用：{'、'.join(contracts())}")
    left_out = {key(f"landing.{contract.table}") for name, contract in contracts().items() if name not in systems}
    return sorted(set(job.asset_layer.asset_graph.materializable_asset_keys) - left_out)


def _cause(result: dg.ExecuteInProcessResult) -> BaseException:
    """Return, from what Dagster recorded, why a run ended that our own steps know no reason for."""
    first: JicengError | None = None
    for event in result.all_events:
        told = getattr(event.event_specific_data, "error", None)
        while told is not None:
            if told.cls_name in {"KeyboardInterrupt", dg.DagsterExecutionInterruptedError.__name__}:
                return KeyboardInterrupt()
            words = told.message.partition(": ")[2].strip()
            kind = getattr(errors, told.cls_name or "", None)
            if isinstance(kind, type) and issubclass(kind, JicengError):
                return kind(words)
            first = first or JicengError(
                f"没有料到的错误 {told.cls_name}：{redacted(words)}", where=event.step_key or ""
            )
            told = told.cause
    return first or JicengError("运行没有开始", where="dagster", cure="用 jiceng doctor 检查")


def _not_begun(settings: Settings, run_id: str, failure: BaseException, seconds: float) -> SyncReport:
    error = failure if isinstance(failure, JicengError) else None
    return report.failed(settings, run_id, error, round(seconds, 3))
