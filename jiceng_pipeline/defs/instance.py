"""Dagster's own home inside an instance: its settings, its history, and the runs that died in it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import dagster as dg
import yaml
from dagster._check import CheckError
from sqlalchemy.exc import DatabaseError, OperationalError

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.errors import DefinitionError, JicengError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import event_log, processes
from jiceng_pipeline.defs.layers import VERSION

LOCATION = "jiceng"

# Beside a plain `dagster dev` in the checkout lies the same text, with the storage named.
CONFIG = """\
# Dagster keeps its history in this folder. Written once; change it as you like.
telemetry:
  enabled: false
nux:
  enabled: false

# DuckDB has one writer, so one run at a time and one writing step at a time.
concurrency:
  runs:
    max_concurrent_runs: 1
  pools:
    default_limit: 1
    granularity: op

# What libraries print may quote data; steps tell what they have to tell as events.
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager

run_monitoring:
  enabled: true
  start_timeout_seconds: 300
  cancel_timeout_seconds: 180
  free_slots_after_run_end_seconds: 60

retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days: {skipped: 2, failure: 30, success: 90}
"""

WORKSPACE = f"""\
load_from:
  - python_module:
      module_name: jiceng_pipeline.definitions
      location_name: {LOCATION}
"""

_UNFINISHED = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_REMEMBERED = timedelta(days=90)  # as long as what schedules and sensors did
_KEPT_RUNS = 200
_AT_ONCE = 100  # more than a day leaves
_GRACE_SECONDS = 300  # a run that has just been launched does not say yet which process it is


def prepare(settings: Settings) -> Path:
    """Return DAGSTER_HOME of this instance, with its settings written where they are not there yet."""
    home: Path = settings.dagster
    for name, text in (("dagster.yaml", CONFIG), ("workspace.yaml", WORKSPACE)):
        if not (home / name).exists():
            files.write_text(home / name, text)
    return home


@contextmanager
def opened(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """Open the history of this instance.

    Raise DefinitionError where its settings are no good, JicengError where it is damaged.
    """
    home = prepare(settings)
    with ExitStack() as held:
        try:
            instance = held.enter_context(event_log.opened(str(home)))
            # what is damaged would show only in the middle of a run: one look at each of its databases
            instance.get_runs(limit=1)
            instance.event_log_storage.get_latest_materialization_events([VERSION])
        except (yaml.YAMLError, dg.DagsterInvalidConfigError, CheckError):
            raise DefinitionError(
                "Dagster 的设置读不懂", where=str(home / "dagster.yaml"), cure="改正它；或移开它，下次会重新写一份"
            ) from None
        except OperationalError:  # locked, full or not to be written: told where it is caught
            raise
        except DatabaseError:
            raise JicengError(
                "Dagster 的运行记录已损坏",
                where=str(home / "history"),
                cure="停下 jiceng serve，把这个文件夹移开后再运行；只少了以往运行的记录，数据和版本都在",
            ) from None
        yield instance


def dead(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Return the runs that say they are going on, though their process is gone."""
    unfinished = instance.get_run_records(dg.RunsFilter(statuses=_UNFINISHED))
    return [record.dagster_run for record in unfinished if _is_dead(record)]


def reap(instance: dg.DagsterInstance) -> list[str]:
    """Mark as failed the runs whose process is gone, free what they held, and return their ids.

    Dagster leaves a run whose process was killed as started for ever, and with it the queue's only place.
    """
    found = dead(instance)
    for run in found:
        instance.report_run_failed(run, "运行它的进程已经不在了（被终止或断电）。上一版本未受影响，可以再次同步。")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in found]


def forget(settings: Settings, instance: dg.DagsterInstance, kept: int = _KEPT_RUNS) -> list[str]:
    """Delete what is told of runs that ended long ago, but not of the last `kept` runs, and return their ids.

    A sync leaves some megabytes of events, an hourly delivery some more, and Dagster keeps them for ever. What was
    handed out, decided and found stands in the ledger.
    """
    last = instance.get_run_records(limit=kept)
    if len(last) < kept:
        return []
    before = min(last[-1].create_timestamp, clock.now() - _REMEMBERED)
    old = instance.get_run_records(dg.RunsFilter(statuses=_ENDED, created_before=before), limit=_AT_ONCE)
    for run_id in (record.dagster_run.run_id for record in old):
        instance.delete_run(run_id)
        for path in (settings.dagster / "history" / "runs").glob(f"{run_id}.db*"):  # which Dagster leaves, empty
            path.unlink(missing_ok=True)
    return [record.dagster_run.run_id for record in old]


def _is_dead(record: dg.RunRecord) -> bool:
    identity = record.dagster_run.tags.get(processes.TAG)
    if identity:
        return identity != processes.me() and not processes.is_alive(identity)
    return (clock.now() - record.update_timestamp).total_seconds() > _GRACE_SECONDS


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which Dagster's own processes serve this instance."""
    return {
        **os.environ,
        "DAGSTER_HOME": str(settings.dagster),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "JICENG_HOME": str(settings.home),
    }
