"""The event log that stays open is the one Dagster reads: what is written shows at once, and files may go."""

import threading
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.storage.event_log import SqliteEventLogStorage

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import event_log
from jiceng_pipeline.defs.instance import prepare


@dg.op
def nothing():
    pass


@dg.job
def idle():
    nothing()


@pytest.fixture
def home(tmp_path):
    return str(prepare(Settings(home=tmp_path)))


def test_what_a_run_says_is_seen_by_who_watches_it_with_dagsters_own_class(home):
    seen, told = [], threading.Event()

    def callback(entry, _):
        seen.append(entry.message)
        if any("第十句" in message for message in seen):
            told.set()

    with event_log.opened(home) as writer, dg.DagsterInstance.from_config(home) as reader:
        assert type(reader.event_log_storage) is SqliteEventLogStorage
        run = writer.create_run_for_job(idle)
        reader.watch_event_logs(run.run_id, None, callback)
        for word in "一二三四五六七八九十":
            writer.report_engine_event(f"第{word}句", run)
            told.wait(0.3)
        assert told.wait(20), seen
        reader.end_watch_event_logs(run.run_id, callback)


def test_reading_alone_tells_nobody_of_a_change(home):
    with event_log.opened(home) as instance:
        run = idle.execute_in_process(instance=instance).run_id
        (file,) = Path(home).rglob(f"{run}.db")
        before = file.stat().st_mtime_ns
        assert instance.all_logs(run)
        assert file.stat().st_mtime_ns == before


def test_a_run_executed_with_it_is_whole_for_everybody(home):
    with event_log.opened(home) as writer:
        done = idle.execute_in_process(instance=writer)
    with dg.DagsterInstance.from_config(home) as reader:
        kinds = [each.dagster_event.event_type for each in reader.all_logs(done.run_id) if each.dagster_event]
    assert kinds[0] == dg.DagsterEventType.RUN_START and kinds[-1] == dg.DagsterEventType.RUN_SUCCESS
    assert not list(Path(home).rglob("*.db-wal")), "nothing is left open"


def test_more_runs_than_are_kept_open_and_a_run_that_was_deleted(home):
    with event_log.opened(home) as writer:
        runs = [idle.execute_in_process(instance=writer).run_id for _ in range(6)]
        assert all(writer.all_logs(run) for run in runs)
        writer.delete_run(runs[0])
        assert [bool(writer.all_logs(run)) for run in runs] == [False, True, True, True, True, True]
        writer.wipe()
        assert not any(writer.all_logs(run) for run in runs)
        again = idle.execute_in_process(instance=writer)
        assert writer.all_logs(again.run_id)


def test_another_storage_than_dagsters_own_is_left_as_it_is(home, tmp_path):
    settings = yaml.safe_load((Path(home) / "dagster.yaml").read_text("utf-8"))
    named = {"module": "dagster._core.storage.event_log", "class": "ConsolidatedSqliteEventLogStorage"}
    settings["event_log_storage"] = {**named, "config": {"base_dir": str(tmp_path / "logs")}}
    (Path(home) / "dagster.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    with event_log.opened(home) as instance:
        assert type(instance.event_log_storage).__name__ == named["class"]
