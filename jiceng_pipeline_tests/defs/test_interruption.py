"""A sync that is stopped or killed: the last version is served, and nothing stands in the next one's way."""

import os
import signal
import subprocess
import sys

import dagster as dg

from jiceng_pipeline.defs import instance as history
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.defs.report import SyncReport
from jiceng_pipeline.warehouse import publish

CODE = """
import sys
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs.launch import run_sync

report = run_sync(Settings.load(), listener=lambda step: print(step.stage, flush=True))
sys.exit(report.exit_code)
"""


def stopped(settings, sign, stage="standardise"):
    """Start a sync of its own process, send it the signal once it has come to that stage, and await its end."""
    environment = {**os.environ, "JICENG_HOME": str(settings.home)}
    command = [sys.executable, "-c", CODE]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert any(line.strip() == stage for line in process.stdout)
        process.send_signal(sign)
        process.stdout.read()
    return process.returncode


def last_run(settings):
    with history.opened(settings) as instance:
        return instance.get_runs(limit=1)[0]


def test_a_stopped_sync_ends_in_order(synced_copy):
    before = publish.current(synced_copy).name
    assert stopped(synced_copy, signal.SIGTERM) == 130
    run = last_run(synced_copy)
    assert run.status is dg.DagsterRunStatus.CANCELED
    assert SyncReport.read(synced_copy, run.run_id).exit_code == 130
    assert publish.current(synced_copy).name == before
    assert not list(synced_copy.builds.glob("*/jiceng.duckdb*"))


def test_a_killed_sync_is_reaped_by_the_next(synced_copy):
    before = publish.current(synced_copy).name
    assert stopped(synced_copy, signal.SIGKILL) == -signal.SIGKILL
    killed = last_run(synced_copy)
    assert killed.status is dg.DagsterRunStatus.STARTED
    report = run_sync(synced_copy)
    assert (report.exit_code, report.version) == (0, before)
    with history.opened(synced_copy) as instance:
        assert instance.get_run_by_id(killed.run_id).status is dg.DagsterRunStatus.FAILURE
        assert instance.event_log_storage.get_concurrency_info("warehouse").active_slot_count == 0
    assert not list(synced_copy.builds.glob("*/jiceng.duckdb*"))
