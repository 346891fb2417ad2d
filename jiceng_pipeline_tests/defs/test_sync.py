"""One sync, from the outside: what it leaves in Dagster, when it publishes, and when it must not."""

import shutil
import threading
from base64 import b64decode
from pathlib import Path

import dagster as dg
import pytest

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import Locked
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.definitions import defs
from jiceng_pipeline.defs import catalogue
from jiceng_pipeline.defs import instance as history
from jiceng_pipeline.defs.landed import ARRIVED, RETRIES
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.defs.layers import AFTER_SYNC, VERSION, key
from jiceng_pipeline.defs.report import SyncReport
from jiceng_pipeline.defs.resources import SyncRun
from jiceng_pipeline.defs.sync import running
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.matching import disagreement
from jiceng_pipeline.quality.rule import rules
from jiceng_pipeline.warehouse import build, publish

PEOPLE = [name for name, contract in contracts().items() if contract.entity == "resident"]


def materialise(settings, *assets):
    """Run a few assets, as somebody picks them in the UI."""
    with history.opened(settings) as instance:
        return (
            defs()
            .resolve_job_def("sync")
            .execute_in_process(
                instance=instance,
                raise_on_error=False,
                asset_selection=[key(name) if "." in name else VERSION for name in assets],
                run_config={
                    "resources": {"sync_run": {"config": SyncRun.of(settings)}},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
            )
        )


@pytest.fixture(scope="module")
def latest(synced):
    """Return asset → its last materialisation."""
    with history.opened(synced) as instance:
        return {
            asset: instance.get_latest_materialization_event(asset).asset_materialization
            for asset in defs().resolve_asset_graph().materializable_asset_keys
            if asset.path[0] not in AFTER_SYNC  # runs of their own
        }


def test_every_asset_shows_its_rows(synced, latest):
    counted = {asset: told.metadata for asset, told in latest.items() if asset.path[0] not in {"quality", "published"}}
    assert all(metadata["dagster/row_count"].value >= 0 for metadata in counted.values())
    version = publish.current(synced)
    assert latest[VERSION].metadata["版本"].value == version.name
    rows = latest[key("returned.resident_register")].metadata["dagster/row_count"].value
    assert rows == version.manifest["returned"]["resident_register"] > 0


def test_columns_show_what_they_mean_and_where_they_come_from(latest):
    metadata = latest[key("returned.resident_register")].metadata
    columns = {column.name: column for column in metadata["dagster/column_schema"].value.columns}
    assert "公民身份号码" in columns["citizen_id"].description
    deps = metadata["dagster/column_lineage"].value.deps_by_column
    assert deps["name"] == [dg.TableColumnDep(key("governance.resident"), "name")]
    assert deps["community_name"] == [dg.TableColumnDep(key("governance.community"), "community_name")]


@pytest.mark.parametrize(
    ("table", "titles"),
    [
        ("matching.model", {"人员归并：隐去号码的试验", "市场主体归并：隐去号码的试验"}),
        ("matching.resident_match", {"分数分布"}),
    ],
)
def test_matching_shows_how_sure_it_is_in_plots(latest, table, titles):
    metadata = latest[key(table)].metadata
    assert titles <= set(metadata)
    for title in titles:
        told = metadata[title].value
        image = b64decode(told.split("base64,")[1].rstrip(")")).decode()
        assert image.startswith("<svg") and "<polyline" in image and "比特" in told


def test_conflicts_are_counted_by_what_they_are(latest):
    metadata = latest[key("governance.conflict")].metadata
    counts = [metadata[title].value for title in disagreement.KINDS.values()]
    assert sum(counts) == metadata["dagster/row_count"].value
    assert all(counts)


def test_matching_says_how_much_it_weighed_anew_and_why(latest):
    told = latest[key("matching.resident_match")].metadata["重新比对"].value
    assert "全部重新比对" in told and "还没有上次的比对" in told


def test_every_sql_model_has_column_lineage(latest):
    for name, table in catalogue.tables(Settings.load()).items():
        if table.sql:
            deps = latest[key(name)].metadata["dagster/column_lineage"].value.deps_by_column
            assert set(deps) == set(table.columns), name
            assert any(deps.values()), name


def test_every_check_was_evaluated(synced):
    every = defs().resolve_asset_graph().asset_check_keys
    checks = {check for check in every if check.asset_key.path[0] not in AFTER_SYNC}
    with history.opened(synced) as instance:
        told = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(checks))
    assert set(told) == set(checks)
    assert len(checks) == len(rules()) + len(contracts()) + 1


def test_the_run_left_its_report_and_no_private_build(synced):
    (folder,) = synced.builds.iterdir()
    report = SyncReport.read(synced, folder.name)
    assert [path.name for path in folder.iterdir()] == ["report.json"]
    assert report.version == publish.current(synced).name
    assert report.is_new
    assert set(report.to_json()) >= {"version", "is_new", "systems", "entities", "checks", "returned", "tickets"}
    assert report.checks["passed"] + report.checks["warned"] == len(rules())


def test_the_operator_may_see_what_was_made(synced):
    with open_ledger(synced) as ledger:
        assert "operator" in {entry.body.actor for entry in views.standing(ledger, Grant).values()}


def test_nothing_new_is_said_quickly_and_one_system_can_be_pulled_alone(synced_copy):
    before = publish.current(synced_copy)
    (name, *others) = contracts()
    steps = []
    report = run_sync(synced_copy, listener=steps.append, systems=[name])
    assert (report.exit_code, report.is_new, report.version) == (0, False, before.name)
    assert publish.versions(synced_copy) == [before.name]
    assert report.systems[name]["status"] == "unchanged"
    assert (steps[-1].stage, steps[-1].done) == ("publish", steps[-1].total)
    outcomes = {each: len(list((synced_copy.landing / each / "outcomes").iterdir())) for each in contracts()}
    assert outcomes == {name: 2, **dict.fromkeys(others, 1)}


def test_a_system_that_is_none_is_refused(tmp_path):
    report = run_sync(Settings(home=tmp_path), systems=["no/such"])
    assert (report.exit_code, report.error["kind"]) == (2, "UsageError")


def test_a_blocking_failure_leaves_the_last_version(synced_copy, reroute, tmp_path):
    before = publish.current(synced_copy).name
    for name in PEOPLE:  # their snapshots are lost, and they cannot be pulled again
        shutil.rmtree(synced_copy.landing / name)
        reroute(synced_copy, name, folder=str(tmp_path / "away"), url="nowhere")
    report = run_sync(synced_copy)
    assert report.exit_code == 4
    assert report.error["kind"] == "NothingPublished"
    assert (report.version, report.is_new) == (before, False)
    assert report.checks["failed"] > 0
    assert {ticket["system"] for ticket in report.tickets if ticket["kind"] == "delivery"} == set(PEOPLE)
    assert (synced_copy.builds / report.run_id / "jiceng.duckdb").exists()  # to see why
    arrivals = {
        dg.AssetCheckKey(key(f"landing.{contract.table}"), ARRIVED): name for name, contract in contracts().items()
    }
    with history.opened(synced_copy) as instance:
        told = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(arrivals))
        assert {name for check, name in arrivals.items() if not told[check].evaluation.passed} == set(PEOPLE)
        assert instance.get_run_by_id(report.run_id).status is dg.DagsterRunStatus.FAILURE


def test_where_nothing_is_reachable_the_run_stops_early(tmp_path):
    settings = Settings(home=tmp_path / "home")
    settings.home.mkdir()
    settings.connections.write_text(f"{PEOPLE[0]}: {{folder: away, url: nowhere}}")
    report = run_sync(settings)
    assert report.exit_code == 5
    assert {ticket["system"] for ticket in report.tickets} == set(contracts())
    assert {told["status"] for told in report.systems.values()} == {"failed"}
    tries = {name: len(list((settings.landing / name / "outcomes").iterdir())) for name in contracts()}
    assert tries == {name: 1 + RETRIES * (name == PEOPLE[0]) for name in contracts()}  # of the others no address
    assert not report.returned


def test_two_syncs_do_not_meet(synced_copy):
    with build.lock(synced_copy):
        report = run_sync(synced_copy)
        assert report.exit_code == 6
        assert report.version == publish.current(synced_copy).name
        picked = materialise(synced_copy, "governance.community")
    assert not picked.success
    with history.opened(synced_copy) as instance:
        assert report.run_id not in {run.run_id for run in instance.get_runs()}


def test_a_run_of_the_night_waits_for_its_turn(synced_copy):
    taken, end = threading.Event(), threading.Event()

    def hold():
        with build.lock(synced_copy):
            taken.set()
            end.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(60)
    with pytest.raises(Locked), running(synced_copy, "impatient", is_full=False):
        pass
    threading.Timer(0.5, end.set).start()
    with running(synced_copy, "patient", is_full=False, patience_seconds=60):
        assert end.is_set()
    holder.join()


def test_a_few_assets_can_be_tried_without_publishing(synced_copy):
    before = publish.current(synced_copy).name
    tried = materialise(synced_copy, "governance.community")
    assert tried.success
    assert publish.current(synced_copy).name == before
    assert SyncReport.read(synced_copy, tried.run_id).exit_code == 0
    assert not (synced_copy.builds / tried.run_id / "jiceng.duckdb").exists()
    refused = materialise(synced_copy, "returned.to_verify", "version")
    assert not refused.success
    assert publish.current(synced_copy).name == before
    assert SyncReport.read(synced_copy, refused.run_id).exit_code == 4


def test_a_home_that_may_not_be_written_is_said_to_be_one():
    report = run_sync(Settings(home=Path("/sys/jiceng")))
    assert (report.exit_code, report.error["kind"]) == (7, "StorageFailure")


def test_a_damaged_version_is_said_to_be_one(synced_copy):
    (publish.current(synced_copy).folder / "manifest.json").write_text("{")
    report = run_sync(synced_copy)
    assert (report.exit_code, report.error["kind"]) == (8, "IntegrityError")


def test_a_changed_ledger_is_said_to_be_one(synced_copy):
    synced_copy.ledger.unlink()
    report = run_sync(synced_copy)
    assert (report.exit_code, report.error["kind"]) == (8, "IntegrityError")
    assert "账本" in report.error["what"]


def test_the_day_is_the_runs_own(synced_copy):
    assert (
        publish.current(synced_copy).manifest["inputs"]["business_date"] == clock.business_date(synced_copy).isoformat()
    )
