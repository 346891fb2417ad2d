"""What starts a sync by itself: the night and a file, both the same job, neither in a loop."""

import os
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import yaml

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.definitions import defs

SYSTEM = "social_security/pension_insurance"
DEFS = defs()


def test_the_night_starts_the_sync_at_two_in_shanghai():
    schedule = DEFS.resolve_schedule_def("daily_sync")
    assert (schedule.job_name, schedule.cron_schedule, schedule.execution_timezone) == (
        "sync",
        "0 2 * * *",
        "Asia/Shanghai",
    )
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    night = datetime(2026, 11, 25, 2, tzinfo=ZoneInfo("Asia/Shanghai"))
    tick = schedule.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=night))
    assert len(tick.run_requests) == 1


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the drop folder of a home that has one system."""
    dropped = tmp_path / "dropped"
    dropped.mkdir()
    settings = Settings(home=tmp_path / "home")
    settings.home.mkdir()
    settings.connections.write_text(yaml.safe_dump({SYSTEM: {"folder": str(dropped)}}), "utf-8")
    monkeypatch.setenv("JICENG_HOME", str(settings.home))
    return dropped


def put(folder, name, content=b"x", age=60):
    path = folder / name
    path.write_bytes(content)
    moment = path.stat().st_mtime - age
    os.utime(path, (moment, moment))


def tick(cursor):
    sensor = DEFS.resolve_sensor_def("drop_folder")
    with dg.DagsterInstance.ephemeral() as instance:
        return sensor.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=cursor))


def test_a_new_file_starts_one_sync(folder):
    put(folder, "YLBX_20261123.txt.gz")
    first = tick(None)
    assert not first.run_requests  # what lay there already is nothing new
    put(folder, "YLBX_20261124.txt.gz")
    second = tick(first.cursor)
    assert len(second.run_requests) == 1
    assert DEFS.resolve_sensor_def("drop_folder").job_name == "sync"
    third = tick(second.cursor)
    assert not third.run_requests  # whatever became of that run


def test_the_same_file_has_the_same_run_and_a_new_one_under_its_name_another(folder):
    cursor = tick(None).cursor
    put(folder, "YLBX_20261124.txt.gz")
    request = tick(cursor).run_requests[0]
    assert tick(cursor).run_requests[0].run_key == request.run_key
    put(folder, "YLBX_20261124.txt.gz", b"corrected")
    assert tick(cursor).run_requests[0].run_key != request.run_key


@pytest.mark.parametrize("name", [".YLBX.swp", "~$台账.xlsx", "YLBX_20261124.txt.gz.part"])
def test_a_file_that_is_no_delivery_starts_nothing(folder, name):
    cursor = tick(None).cursor
    put(folder, name)
    assert not tick(cursor).run_requests


def test_a_file_being_written_is_waited_for(folder):
    cursor = tick(None).cursor
    put(folder, "YLBX_20261124.txt.gz", age=0)
    assert not tick(cursor).run_requests
    put(folder, "YLBX_20261124.txt.gz", age=60)
    assert len(tick(cursor).run_requests) == 1


def test_a_folder_that_is_away_starts_nothing(folder):
    cursor = tick(None).cursor
    folder.rmdir()
    assert not tick(cursor).run_requests
