"""Dagster's home inside ours: one way to set it up, and no dead run in anybody's way."""

import subprocess
import sys
from contextlib import contextmanager

import dagster as dg
import pytest
import yaml

from jiceng_pipeline.core.errors import DefinitionError, JicengError
from jiceng_pipeline.core.settings import PACKAGE, Settings
from jiceng_pipeline.definitions import defs
from jiceng_pipeline.defs import instance as history
from jiceng_pipeline.defs import processes
from jiceng_pipeline.defs.layers import POOL

STARTED = dg.DagsterRunStatus.STARTED
DEAD = "no-such-boot:1:1"


@pytest.fixture
def instance(tmp_path):
    with history.opened(Settings(home=tmp_path)) as opened:
        yield opened


def started_run(instance, tags):
    job = defs().resolve_job_def("sync")
    return instance.create_run_for_job(job_def=job, status=STARTED, tags=tags)


@contextmanager
def another_process():
    code = "import sys; from jiceng_pipeline.defs import processes; print(processes.me(), flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process.stdout.readline().strip()
        process.stdin.close()


def test_a_run_whose_process_is_gone_is_failed_and_gives_back_its_place(instance):
    run = started_run(instance, {processes.TAG: DEAD})
    storage = instance.event_log_storage
    storage.initialize_concurrency_limit_to_default(POOL)
    assert storage.claim_concurrency_slot(POOL, run.run_id, "some_step").is_claimed
    assert history.reap(instance) == [run.run_id]
    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE
    assert storage.get_concurrency_info(POOL).active_slot_count == 0
    assert history.reap(instance) == []


def test_a_run_of_a_living_process_is_left_alone(instance):
    with another_process() as identity:
        run = started_run(instance, {processes.TAG: identity})
        assert history.reap(instance) == []
        assert instance.get_run_by_id(run.run_id).status is STARTED
    assert history.reap(instance) == [run.run_id]


def test_a_run_just_launched_has_time_to_say_which_process_it_is(instance, monkeypatch):
    started_run(instance, {})
    assert history.reap(instance) == []
    monkeypatch.setenv("JICENG_NOW", "2099-01-01T00:00:00+00:00")
    assert len(history.reap(instance)) == 1


def test_every_job_says_which_process_runs_it(instance, tmp_path, monkeypatch):
    monkeypatch.setenv("JICENG_HOME", str(tmp_path))
    jobs = [job.name for job in defs().resolve_all_job_defs() if not job.name.startswith("__")]
    assert len(jobs) > 3
    for job in jobs:
        result = defs().resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False)
        assert instance.get_run_by_id(result.run_id).tags[processes.TAG] == processes.me(), job


def test_runs_that_ended_long_ago_are_forgotten_but_for_the_last(instance, tmp_path, monkeypatch):
    settings = Settings(home=tmp_path)
    job = defs().resolve_job_def("deliver")
    ended = [instance.create_run_for_job(job_def=job, status=dg.DagsterRunStatus.SUCCESS) for _ in range(4)]
    for run in ended:
        instance.report_engine_event("something", run)
    going_on = started_run(instance, {})
    shards = settings.dagster / "history" / "runs"
    assert all((shards / f"{run.run_id}.db").exists() for run in ended)
    assert history.forget(settings, instance, kept=3) == [], "nothing is older than what is remembered"
    monkeypatch.setenv("JICENG_NOW", "2099-01-01T00:00:00+00:00")
    assert history.forget(settings, instance) == [], "these are the last there are"
    gone = history.forget(settings, instance, kept=3)
    assert set(gone) == {run.run_id for run in ended[:2]}
    assert {run.run_id for run in instance.get_runs()} == {going_on.run_id, *(run.run_id for run in ended[2:])}
    assert not [path for path in shards.iterdir() if path.name.partition(".")[0] in gone]
    assert all((shards / f"{run.run_id}.db").exists() for run in ended[2:])
    assert history.forget(settings, instance, kept=3) == []


def test_a_changed_configuration_is_kept(tmp_path):
    home = history.prepare(Settings(home=tmp_path))
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", "utf-8")
    history.prepare(Settings(home=tmp_path))
    assert (home / "dagster.yaml").read_text("utf-8") == "telemetry: {enabled: false}\n"


@pytest.mark.parametrize("name", ["runs.db", "runs/index.db"])
def test_a_damaged_history_is_named_and_may_be_moved_away(tmp_path, name):
    settings = Settings(home=tmp_path)
    with history.opened(settings):
        pass
    (settings.dagster / "history" / name).write_bytes(b"not a database" * 100)
    with pytest.raises(JicengError, match="移开") as told, history.opened(settings):
        pass
    assert str(settings.dagster / "history") == told.value.where
    (settings.dagster / "history").rename(tmp_path / "away")
    with history.opened(settings) as instance:
        assert instance.get_runs() == []


@pytest.mark.parametrize("text", ["storage: [\n", "telemetryy: {enabled: false}\n", "- a list\n"])
def test_settings_that_are_none_are_named(tmp_path, text):
    settings = Settings(home=tmp_path)
    (history.prepare(settings) / "dagster.yaml").write_text(text, "utf-8")
    with pytest.raises(DefinitionError, match="设置"), history.opened(settings):
        pass


def test_the_checkout_says_the_same_and_names_the_default_home():
    checkout = yaml.safe_load((PACKAGE.parent / "dagster.yaml").read_text("utf-8"))
    assert checkout.pop("storage") == {"sqlite": {"base_dir": "data/dagster"}}
    assert checkout == yaml.safe_load(history.CONFIG)
    workspace = yaml.safe_load((PACKAGE.parent / "workspace.yaml").read_text("utf-8"))
    assert workspace == yaml.safe_load(history.WORKSPACE)


def test_nothing_leaves_the_machine_and_one_run_goes_at_a_time(instance):
    assert not instance.telemetry_enabled
    assert not instance.nux_enabled
    assert instance.get_concurrency_config().pool_config.default_pool_limit == 1
    assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 1
