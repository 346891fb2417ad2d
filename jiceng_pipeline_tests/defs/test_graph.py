"""The graph as Dagster shows it: complete, named in Chinese, owned, and quick to load."""

import os
import re
import subprocess
import sys

import dagster as dg
import pytest

from jiceng_pipeline.core.settings import PACKAGE, Settings
from jiceng_pipeline.definitions import defs
from jiceng_pipeline.defs import catalogue
from jiceng_pipeline.defs.landed import ARRIVED
from jiceng_pipeline.defs.layers import LAYERS, POOL, VERSION, key
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.quality.rule import rules

HAN = re.compile(r"[\u4e00-\u9fff]{2,}")
GRAPH = defs().resolve_asset_graph()
ASSETS = sorted(GRAPH.materializable_asset_keys)
PAGES = {dg.AssetKey(["quality", name]) for name in ("dashboard", "rule_page", "monthly_report")}
AFTER = {dg.AssetKey(["exchange", "delivery"]), dg.AssetKey(["forms", "burden"]), dg.AssetKey(["forms", "inbox"])}
LANDED = {key(f"landing.{contract.table}"): contract for contract in contracts().values()}


def as_text(asset):
    return asset.to_user_string()


def test_every_system_table_and_layer_of_checks_is_an_asset():
    tables = {key(name) for name in catalogue.tables(Settings.load())}
    checks = {dg.AssetKey(["quality", rule.layer]) for rule in rules().values()}
    assert set(ASSETS) == {*LANDED, *tables, *checks, VERSION, *PAGES, *AFTER}


@pytest.mark.parametrize("asset", ASSETS, ids=as_text)
def test_an_asset_says_what_it_is_and_whose(asset):
    node = GRAPH.get(asset)
    assert node.group_name == asset.path[0]
    assert HAN.search(node.description)
    assert LAYERS[asset.path[0]].title in node.description
    assert node.owners
    assert node.kinds


@pytest.mark.parametrize("asset", LANDED, ids=as_text)
def test_a_landed_system_has_its_owner_rhythm_and_arrival(asset):
    node, contract = GRAPH.get(asset), LANDED[asset]
    assert node.owners == [f"team:{contract.owner.name}"]
    assert contract.connector.kind in node.kinds
    assert node.freshness_policy is not None
    assert dg.AssetCheckKey(asset, ARRIVED) in GRAPH.asset_check_keys


def test_every_rule_is_a_check_on_the_table_it_speaks_of():
    expected = {dg.AssetCheckKey(key(rule.table), rule.id) for rule in rules().values()}
    assert expected <= GRAPH.asset_check_keys
    assert {check.asset_key for check in GRAPH.asset_check_keys} <= set(ASSETS)


def test_the_version_comes_after_everything_and_only_it_waits_for_the_gate():
    assert {*GRAPH.get_ancestor_asset_keys(VERSION)} >= {*ASSETS} - {VERSION} - AFTER - PAGES
    assert GRAPH.get(VERSION).child_keys == {*PAGES, *AFTER}
    blocking = [check for check in GRAPH.asset_check_keys if GRAPH.get(check).blocking]
    assert blocking == [dg.AssetCheckKey(key(catalogue.TICKET), "publishable")]
    assert GRAPH.get(key(catalogue.TICKET)).child_keys == {VERSION}


def test_what_writes_the_warehouse_waits_for_its_pool():
    for asset in ASSETS:
        operation = GRAPH.get(asset).assets_def.op
        assert (operation.pool == POOL) == (asset not in {*LANDED, *PAGES, *AFTER}), asset


def test_loading_opens_nothing(tmp_path):
    home = tmp_path / "home"
    code = """
import sys
from jiceng_pipeline.definitions import defs
defs().resolve_job_def("sync")
print(sorted({"great_expectations", "pandas", "splink", "psycopg"} & set(sys.modules)))
"""
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "JICENG_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.strip() == "[]"
    assert not home.exists()


def test_the_workspace_is_valid(tmp_path):
    validated = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"],
        cwd=PACKAGE.parent,
        env={**os.environ, "DAGSTER_HOME": str(tmp_path), "DAGSTER_DISABLE_TELEMETRY": "yes"},
        capture_output=True,
        text=True,
    )
    assert validated.returncode == 0, validated.stderr
