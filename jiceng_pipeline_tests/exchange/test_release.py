"""A release: the same for everybody, nothing small in it, rounded, seen in one's own scope only."""

import json
import shutil
from dataclasses import replace
from datetime import date

import pytest

from jiceng_pipeline.cli.app import main
from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.exchange import release, release_page, rollup
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants
from jiceng_pipeline.standard import divisions
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

CITY, STREET = "3206", "320613005"


@pytest.fixture
def released(synced_copy):
    return synced_copy, release.make(synced_copy, actor="operator", purpose="统计公报")


def figures(settings):
    with connect() as connection:
        return connection.execute(
            "select indicator, category, division_code, value from read_parquet(?)", [str(release.latest(settings))]
        ).fetchall()


def exact(settings, made):
    with connect(settings.published / made.version / "jiceng.duckdb", settings=settings, read_only=True) as connection:
        rows = connection.execute(
            "select indicator, category, division_code, value from indicators.value where base is null and value > 0"
        ).fetchall()
    return {tuple(key): value for *key, value in rows}


def test_no_small_figure_leaves_and_the_rest_is_rounded(released):
    settings, made = released
    told, true = figures(settings), exact(settings, made)
    assert {tuple(key) for *key, _ in told} == set(true)
    for *key, value in told:
        if value is None:
            continue
        assert true[tuple(key)] >= 8, key
        assert value % 5 == 0
        assert abs(value - true[tuple(key)]) <= 2, key
    assert made.is_new
    assert sum(value is None for *_, value in told) == made.suppressed >= made.small > 0


def test_a_version_is_released_once_and_it_is_in_the_audit(released):
    settings, made = released
    again = release.make(settings, actor="operator", purpose="统计公报")
    assert (again.is_new, again.suppressed) == (False, made.suppressed)
    with open_ledger(settings) as ledger:
        told = json.loads(list(ledger.events("audit"))[-1].text)
    assert (told["outcome"], told["dataset"], told["purpose"]) == ("served", "indicator:release", "统计公报")


def test_a_place_sees_itself_and_what_lies_right_below(released):
    settings, _ = released
    seen = release_page.show(settings, actor="operator", indicator="population", place=STREET)
    codes = [row.division_code for row in seen.rows]
    assert codes[0] == "320613005000"
    assert all(code.startswith(STREET) for code in codes)
    assert len(codes) > 1
    assert {row.category for row in seen.rows} == {"合计"}
    share = release_page.show(settings, actor="operator", indicator="老龄化率", place=STREET).rows[0].share
    assert share is None or 0 <= share <= 100


def test_exact_figures_need_leave_for_all_of_it_and_a_purpose(released):
    settings, made = released
    with open_ledger(settings) as ledger:
        grants.give(ledger, Grant(actor="county", scope="320613", datasets="*", profiles=("statistics",), purposes="*",
                                  granted_by="operator"))  # fmt: skip
    assert release_page.show(settings, actor="county", indicator="population", place="320613").rows
    with pytest.raises(AccessDenied):
        release_page.show(settings, actor="county", indicator="population", place="320613", exact=True, purpose="核对")
    with pytest.raises(AccessDenied):
        release_page.show(settings, actor="county", indicator="population", place=CITY)
    with pytest.raises(AccessDenied):
        release_page.show(settings, actor="operator", indicator="population", place=CITY, exact=True)
    with pytest.raises(AccessDenied):
        release.make(settings, actor="county", purpose="统计公报")
    told = release_page.show(settings, actor="operator", indicator="population", place=CITY, exact=True, purpose="核对")
    assert told.rows[0].value == exact(settings, made)["population", "", "320600000000"]


def test_before_the_first_release_there_is_nothing_to_see(synced_copy):
    with pytest.raises(UsageError, match="还没有统计发布"):
        release_page.show(synced_copy, actor="operator", indicator="population", place=CITY)


def test_the_command_line_releases_and_shows(synced_copy, monkeypatch, capsys):
    monkeypatch.setenv("JICENG_HOME", str(synced_copy.home))
    for arguments in (
        ["indicator", "list", "--json"],
        ["indicator", "release", "--purpose", "统计公报", "--json"],
        ["indicator", "show", "population", "--place", STREET, "--json"],
        ["app", "list", "--json"],
        ["app", "open", "community_board", "--community", STREET, "--json"],
    ):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == 0, arguments
        assert json.loads(capsys.readouterr().out)


def test_an_earlier_version_is_told_as_it_was_and_as_it_is_now(synced_copy):
    earlier = publish.find(synced_copy)
    later = replace(synced_copy, business_date=date(2026, 12, 5))
    name = "20990101T000000.000000Z-0123456789ab"
    shutil.copytree(earlier.folder, synced_copy.published / name)
    with connect(synced_copy.published / name / "jiceng.duckdb", settings=later) as connection:
        divisions.create_division(connection, later)
        for table in rollup.tables(later.sql_models)[:2]:
            table.build(connection, later)
    (synced_copy.published / "current").unlink()
    (synced_copy.published / "current").symlink_to(name)
    told = {}
    for as_now in (False, True):
        seen = release_page.show(
            later, actor="operator", indicator="population", place=STREET, exact=True, purpose="核对",
            version=earlier.name, as_now=as_now,
        )  # fmt: skip
        told[as_now] = {row.division_code: row.value for row in seen.rows}
    merged = [told[False].get(code, 0) for code in ("320613005002", "320613005003")]
    assert sum(merged) == told[True]["320613005019"] > 0
    assert "320613005002" not in told[True]
    assert told[False]["320613005000"] == told[True]["320613005000"]
    alone = release_page.show(
        later, actor="operator", indicator="population", place="320613005002", exact=True, purpose="核对",
        version=earlier.name,
    )  # fmt: skip
    assert [(row.division_code, row.value) for row in alone.rows] == [("320613005002", merged[0])]
