"""What a build is made of: nothing of it may have got lost since the served version."""

import pytest

from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import inputs
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants
from jiceng_pipeline.warehouse import build, publish
from jiceng_pipeline.warehouse.connection import connect


@pytest.fixture
def settings(tmp_path):
    """Return a home whose served version was made of a ledger of one event."""
    settings = Settings(home=tmp_path)
    with open_ledger(settings) as ledger:
        seq = grants.ensure_operator(ledger).seq
    database = build.private(settings, "run")
    with connect(database, settings=settings) as connection:
        connection.execute("create schema returned; create table returned.changes as select 1 as n")
    publish.publish(settings, database, {"inputs": {"ledger_seq": seq}, "summary": {}})
    return settings


def test_a_ledger_that_holds_what_the_version_was_made_of_is_well(settings):
    inputs.check_ledger(settings)
    inputs.check_ledger(Settings(home=settings.home / "fresh"))


def test_a_sync_begins_no_new_ledger_where_the_old_one_is_lost(settings):
    for path in settings.home.glob("ledger.*"):
        path.unlink()
    report = run_sync(settings)
    assert report.exit_code == IntegrityError.exit_code
    assert "账本" in report.error["what"]
    assert not list(settings.home.glob("ledger.*")), "a new one would stand in the way of the backup"


def test_an_older_ledger_than_the_versions_is_told(settings):
    version = publish.current(settings)
    text = (version.folder / "manifest.json").read_text("utf-8")
    (version.folder / "manifest.json").write_text(text.replace('"ledger_seq": 1', '"ledger_seq": 7'), "utf-8")
    with pytest.raises(IntegrityError, match="第 7 条"):
        inputs.check_ledger(settings)
