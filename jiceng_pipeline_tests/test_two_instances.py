"""One instance as the source of another: what the upper one delivers is a system of the lower one."""

import json
import os
import subprocess
import sys

import pytest
import yaml

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import receiver_contract, subscription
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

from .exchange.village import Person, only, outbox, publish_people, subscribe

SYSTEM = "upper_level/resident_register"
PEOPLE = [
    Person("a" * 32, name="张三"), Person("b" * 32, name="李四", phone="13912345678", subsistence="1"),
    Person("c" * 32, name="王五", phone=None),
]  # fmt: skip


def jiceng(settings, *words):
    """Run a command on a home in a process of its own, as an operator does."""
    return subprocess.run(
        [sys.executable, "-m", "jiceng_pipeline.cli", *words],
        env={**os.environ, "JICENG_HOME": str(settings.home)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "upper")


def test_a_lower_instance_pulls_what_the_upper_one_delivers(settings, tmp_path):
    lower = Settings(home=tmp_path / "lower")
    inbox = lower.home / "inbox"
    publish_people(settings, PEOPLE)
    subscribe(settings, "down", profile="full", purpose="数据回流")
    only(settings, "down")
    into = ("--into", str(tmp_path / "copy.duckdb"), "--snapshot", str(inbox))
    assert jiceng(settings, "receive", "folder", str(outbox(settings, "down")), *into).returncode == 0
    owner = ("--owner", "区数据局", "--contact", "data@county.invalid")
    made = jiceng(settings, "subscription", "contract", "down", "--system", SYSTEM, *owner)
    contract = lower.departments / f"{SYSTEM}.yaml"
    contract.parent.mkdir(parents=True)
    contract.write_text(made.stdout, "utf-8")
    lower.connections.write_text(yaml.safe_dump({SYSTEM: {"folder": str(inbox)}}))
    done = jiceng(lower, "sync", "--json")
    told = json.loads(done.stdout)["systems"][SYSTEM]
    assert (told["pulled"], told["accepted"], told["quarantined_cells"]) == (3, 3, 0), done.stderr[-2000:]
    with connect(publish.current(lower).database, settings=lower, read_only=True) as connection:
        found = connection.execute(
            "select name, phone, subsistence_category_code, community_code from governance.resident order by name"
        ).fetchall()
    assert found == sorted((each.name, each.phone, each.subsistence, each.community) for each in PEOPLE)


def test_what_is_masked_is_no_source(settings):
    publish_people(settings, PEOPLE)
    subscribe(settings, "down")
    with open_ledger(settings) as ledger, pytest.raises(UsageError, match="完整"):
        receiver_contract.text(settings, subscription.find(ledger, "down"), SYSTEM, "x", "y")
