"""One instance as the source of another: two counties are systems of their city, the city is one of its province."""

import json
import os
import subprocess
import sys

import pytest
import yaml

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import read
from jiceng_pipeline.exchange import receiver_contract, subscription
from jiceng_pipeline.landing.pull import pull
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

from .exchange.village import Person, only, outbox, publish_people, subscribe
from .landing.standardised import standardised

PUBLISHED_WITH_PROBLEMS = 3
PEOPLE = {
    "320613": [
        Person("a" * 32, name="张三"), Person("b" * 32, name="李四", phone="13912345678", subsistence="1"),
        Person("c" * 32, name="王五", phone=None, community="320613005002"),
    ],
    "320612": [
        Person("a" * 32, name="赵六", phone="13512345678", community="320612001001"),
        Person("d" * 32, name="孙七", phone=None, subsistence="1", community="320612001002"),
    ],
}  # fmt: skip


def jiceng(settings, *words):
    """Run a command on a home in a process of its own, as an operator does."""
    done = subprocess.run(
        [sys.executable, "-m", "jiceng_pipeline.cli", *words],
        env={**os.environ, "JICENG_HOME": str(settings.home)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in {0, PUBLISHED_WITH_PROBLEMS}, done.stderr[-2000:]
    return done.stdout


def hand_up(lower, upper, name, scope, owner):
    """Deliver a division's whole register to the instance above, and make it one of the systems there."""
    system, inbox = f"{name}/resident_register", upper.home / "inbox" / name
    subscribe(lower, name, scope=scope, profile="full", purpose="逐级汇总")
    only(lower, name)
    into = ("--into", str(upper.home / f"{name}.duckdb"), "--snapshot", str(inbox))
    upper.home.mkdir(exist_ok=True)
    jiceng(lower, "receive", "folder", str(outbox(lower, name)), *into)
    told = ("--system", system, "--owner", owner, "--contact", "data@example.invalid")
    contract = upper.departments / f"{system}.yaml"
    contract.parent.mkdir(parents=True)
    contract.write_text(jiceng(lower, "subscription", "contract", name, *told), "utf-8")
    known = yaml.safe_load(upper.connections.read_text()) if upper.connections.exists() else {}
    upper.connections.write_text(yaml.safe_dump({**known, system: {"folder": str(inbox)}}))
    return system


def synced_from(settings, systems):
    """Sync, and return how many rows each of these systems sent, all of them accepted."""
    told = json.loads(jiceng(settings, "sync", "--json"))["systems"]
    for system in systems:
        assert told[system]["pulled"] == told[system]["accepted"], system
        assert told[system]["quarantined_cells"] == 0, system
    return [told[system]["pulled"] for system in systems]


def served(settings, sql):
    with connect(publish.current(settings).database, settings=settings, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_two_counties_add_up_to_their_city_and_the_city_to_what_is_above_it(tmp_path):
    city, province = Settings(home=tmp_path / "city"), Settings(home=tmp_path / "province")
    systems = []
    for code, people in PEOPLE.items():
        county = Settings(home=tmp_path / code)
        publish_people(county, people)
        systems.append(hand_up(county, city, f"county_{code}", code, f"{code} 数据局"))
    assert synced_from(city, systems) == [3, 2]
    everybody = sorted(
        (each.name, each.phone, each.subsistence, each.community) for some in PEOPLE.values() for each in some
    )
    register = "select name, phone, subsistence_category_code, community_code from governance.resident order by name"
    assert sorted(served(city, register)) == everybody
    counted = "select division_code, value from indicators.value where indicator = 'population' and category = ''"
    figures = dict(served(city, counted))
    assert figures["320613000000"] == 3
    assert figures["320612000000"] == 2
    assert figures["320600000000"] == sum(map(len, PEOPLE.values()))

    own = hand_up(city, province, "city_3206", "3206", "市数据局")
    contract = read(province.departments)[own]
    assert pull(contract, province).status == "landed"
    with standardised(province, contract) as connection:
        assert connection.execute("select count(*) from standard.quarantine").fetchall() == [(0,)]
        told = connection.execute(
            f"""select name, phone, subsistence_category_code, community_code
            from standard.{contract.table} where is_current"""
        ).fetchall()
    assert sorted(told) == everybody, "what the city made of its counties is what its province takes over"


def test_what_is_masked_is_no_source(tmp_path):
    settings = Settings(home=tmp_path / "upper")
    publish_people(settings, PEOPLE["320613"])
    subscribe(settings, "down")
    with open_ledger(settings) as ledger, pytest.raises(UsageError, match="完整"):
        receiver_contract.text(settings, subscription.find(ledger, "down"), "upper_level/resident_register", "x", "y")
