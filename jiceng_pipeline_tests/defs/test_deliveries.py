"""Deliveries run by themselves, apart from syncs, and show what is stuck."""

import shutil
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.definitions import defs
from jiceng_pipeline.defs import deliveries
from jiceng_pipeline_tests.exchange.village import Person, outbox, publish_people, received, subscribe

DEFS = defs()
PEOPLE = [Person("a" * 32), Person("b" * 32)]


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("JICENG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(deliveries, "_WAIT", dg.RetryPolicy(delay=0.01))
    return Settings.load()


def run(instance):
    job = DEFS.resolve_job_def(deliveries.JOB)
    return job.execute_in_process(instance=instance, raise_on_error=False)


def checked(result):
    (evaluation,) = result.get_asset_check_evaluations()
    return evaluation.passed, evaluation.description


def test_a_run_delivers_and_says_how_it_went(settings):
    publish_people(settings, PEOPLE)
    subscribe(settings, "county")
    with dg.DagsterInstance.ephemeral() as instance:
        result = run(instance)
        assert result.success and checked(result) == (True, "都送到了")
        (event,) = result.get_asset_materialization_events()
        assert event.materialization.metadata["交付行"].value == 2
        assert len(received(settings, "county")) == 2


def test_what_is_stuck_is_tried_again_and_shown(settings):
    publish_people(settings, PEOPLE)
    subscribe(settings, "county")
    shutil.rmtree(outbox(settings, "county"))
    with dg.DagsterInstance.ephemeral() as instance:
        result = run(instance)
        assert result.success and checked(result) == (False, "没送成，下次再送 1 个")
        retries = [each for each in result.all_events if each.event_type is dg.DagsterEventType.STEP_UP_FOR_RETRY]
        assert len(retries) == 2


def test_a_new_version_starts_one_delivery(settings):
    sensor = DEFS.resolve_sensor_def("new_version")

    def tick(cursor):
        with dg.DagsterInstance.ephemeral() as instance:
            return sensor.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=cursor))

    assert not tick(None).run_requests
    publish_people(settings, PEOPLE)
    first = tick(None)
    assert len(first.run_requests) == 1
    assert not tick(first.cursor).run_requests
    publish_people(settings, PEOPLE[:1])
    assert len(tick(first.cursor).run_requests) == 1


def test_the_hour_delivers_once_there_is_a_version(settings):
    schedule = DEFS.resolve_schedule_def("hourly_delivery")
    at = datetime(2026, 11, 25, 2, 20, tzinfo=ZoneInfo("Asia/Shanghai"))

    def tick():
        return schedule.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=at))

    assert not tick().run_requests
    publish_people(settings, PEOPLE)
    assert len(tick().run_requests) == 1


def test_a_sync_does_not_deliver():
    nodes = {node.name for node in DEFS.resolve_job_def("sync").nodes}
    assert "exchange__delivery" not in nodes and "published__version" in nodes
