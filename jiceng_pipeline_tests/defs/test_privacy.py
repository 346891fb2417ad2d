"""Personal values do not get into Dagster's storage, whatever a step stumbles over."""

import dagster as dg

from jiceng_pipeline.defs import instance as history
from jiceng_pipeline.defs import tables
from jiceng_pipeline.defs.resources import SyncRun
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.table import Table
from jiceng_pipeline_tests.canaries import leaks

CANARY = "320602199001011234"


def quoting(connection, _settings):
    connection.execute(f"select cast(name || '{CANARY}' as integer) from governance.resident").fetchall()


def stored(settings):
    return b"".join(path.read_bytes() for path in settings.dagster.rglob("*") if path.is_file())


def test_a_failing_step_tells_no_value(synced_copy):
    failing = tables.asset(Table("governance", "failing", "坏表", "总是失败", frozenset(), quoting), set())
    with history.opened(synced_copy) as instance:
        result = dg.materialize(
            [failing],
            instance=instance,
            resources={"sync_run": SyncRun(home=str(synced_copy.home))},
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    assert not result.success
    kept = stored(synced_copy)
    assert b"governance.failing" in kept  # the failure is there, with its place
    assert CANARY.encode() not in kept
    assert b"sqlite" in kept.lower()


def test_a_whole_sync_leaves_no_persons_value(synced):
    with connect(publish.current(synced).database, settings=synced, read_only=True) as connection:
        people = connection.execute(
            "select citizen_id, phone, dwelling_address from governance.resident order by resident_id"
        ).fetchall()
    values = {value for person in people for value in person if value}
    assert len(values) > 1_000
    assert leaks(values, [("dagster", stored(synced).decode("utf-8", errors="ignore"))]) == []
