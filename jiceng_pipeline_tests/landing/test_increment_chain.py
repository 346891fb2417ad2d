"""Increments upon increments: what is in force after many days, after damage, and after another contract."""

import random

import pytest

from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import snapshot
from jiceng_pipeline_tests.landing.changing import CHANGING, CONTRACT, DELIVERY
from jiceng_pipeline_tests.landing.standardised import conserved, counts, in_force, standardised


def test_a_damaged_snapshot_in_force_makes_the_next_pull_a_full_one(register, platform, on):
    register.pull(CONTRACT)
    on(1)
    platform.put("d", "王丁", "2026-05-02T08:00:00")
    damaged = register.pull(CONTRACT)
    path = snapshot.in_force(register.settings, CONTRACT).rows
    path.write_bytes(path.read_bytes()[:-4])
    on(2)
    found = register.pull(CONTRACT)
    assert (found.delivery, found.status, found.records) == ("full", "landed", 4), found.error
    assert snapshot.in_force(register.settings, CONTRACT).meta["replaces"] == [damaged.snapshot]
    assert in_force(register) == ({"王a", "王b", "王c", "王丁"}, set())


def test_a_lost_link_makes_the_next_pull_a_full_one(register, platform, on):
    register.pull(CONTRACT)
    for day in (1, 2):
        on(day)
        platform.put("d", f"王{day}", f"2026-05-0{day + 1}T08:00:00")
        register.pull(CONTRACT)
    lost = snapshot.snapshots(register.settings, CONTRACT)[1].rows.parent
    lost.rename(register.settings.home / lost.name)
    assert register.pull(CONTRACT).delivery == "full"
    assert in_force(register)[0] == {"王a", "王b", "王c", "王2"}


@pytest.mark.parametrize(
    "changed",
    [
        {"columns": {"姓名": "name", "updateTime": "record_updated_date"}, "ignored": ["证号", "编号"]},
        {"key": ["编号", "证号"]},
        {"delivery": {**DELIVERY, "cursor": "证号"}},
        {"delivery": {**DELIVERY, "deleted": {"column": "deleted", "value": "Y"}}},
    ],
)
def test_a_contract_that_reads_the_system_otherwise_asks_for_everything(register, platform, changed):
    register.pull(CONTRACT)
    assert register.pull(CONTRACT).delivery == "incremental"
    assert register.pull(Contract.model_validate({**CHANGING, **changed})).delivery == "full"


def test_a_system_that_was_pulled_in_full_before_goes_on_as_it_was(register, platform, on):
    options = {name: value for name, value in CHANGING["connector"]["options"].items() if name != "since"}
    whole = Contract.model_validate(
        {**CHANGING, "delivery": {"kind": "full"}, "connector": {"kind": "http_json", "options": options}}
    )
    first = register.pull(whole)
    on(1)
    assert register.pull(CONTRACT).delivery == "full"
    on(2)
    platform.end("a", "2026-05-03T08:00:00")
    assert register.pull(CONTRACT).rows_ended == 1
    with standardised(register.settings, CONTRACT) as connection:
        found = connection.execute(f"select distinct first_landed from standard.{CONTRACT.table}").fetchall()
    assert found == [(first.snapshot[:23],)]


@pytest.mark.parametrize("seed", range(2))
def test_over_many_days_the_records_in_force_are_those_the_platform_has(register, platform, on, seed):
    chance = random.Random(seed)
    silent = set()
    held = 0
    for day in range(16):
        on(day)
        for place in range(chance.randrange(6)):
            at = f"2026-05-{day + 1:02}T12:00:0{place // 2}"
            key = chance.choice("abcdefghijkl")
            if key in platform.held and len(platform.held) > 3 and chance.random() < 0.4:
                platform.end(key, at)
            else:
                platform.put(key, f"王{key}{day}{place}", at)
            silent.discard(key)
        if day % 5 == 3 and len(platform.held) > 3:
            key = chance.choice(sorted(platform.held))
            silent.add(key)
            platform.forget(key)
        found = register.pull(CONTRACT)
        assert found.status != "failed", found.error
        assert found.delivery == ("full" if day % 7 == 0 else "incremental")
        assert found.rows_in == found.rows_accepted + found.rows_rejected
        if found.delivery == "incremental":
            assert found.rows_accepted == sum(counts(found))
            assert found.records == held + found.rows_new - found.rows_ended
        else:
            silent.clear()
        held = found.records
        current, ended = in_force(register)
        truth = {row["姓名"] for row in platform.held.values()}
        assert {name for name in current if name[1] not in silent} == truth
        assert len(current) == held
        assert not ended & truth
        if day % 5 == 0:
            assert conserved(register.settings, CONTRACT) == (held, held, 0)
