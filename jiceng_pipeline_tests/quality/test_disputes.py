"""A community's doubt: marked until decided, kept from adverse lists, counted per system; its value stays put."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jiceng_pipeline.ledger.bound import bind
from jiceng_pipeline.ledger.kinds.dispute import Dispute
from jiceng_pipeline.ledger.kinds.dispute_decision import DisputeDecision
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.quality import disputes
from jiceng_pipeline.warehouse.table import materialise
from jiceng_pipeline_tests.quality.world import COMMUNITY, DAY, POLICE, RELIEF

BELIEVED = "13987654321"


@pytest.fixture
def resident(build):
    return build.execute("select min(resident_id) from governance.resident").fetchall()[0][0]


@pytest.fixture
def say(settings, monkeypatch):
    def append(number, body):
        monkeypatch.setenv("JICENG_NOW", f"{DAY + timedelta(days=number)}T02:00:00+00:00")
        kind = "dispute" if isinstance(body, Dispute) else "dispute_decision"
        with open_ledger(settings) as ledger:
            return ledger.append(kind, body.subject, body, "clerk")

    return append


def doubt(resident, element="phone", **more):
    return Dispute(
        entity="resident", entity_id=resident, element_id=element, believed_value=BELIEVED, basis="入户核对",
        community_code=COMMUNITY, systems=(POLICE, RELIEF), **more,
    )  # fmt: skip


def decided(resident, verdict, element="phone"):
    return DisputeDecision(
        entity="resident", entity_id=resident, element_id=element, verdict=verdict, reason="源系统已核"
    )


def made(build, settings, number):
    for table in disputes.tables():
        materialise(build, table, replace(settings, business_date=DAY + timedelta(days=number)))
    return build.execute(
        "select element_id, state, working_days, decided_date from quality.dispute order by opened_date, element_id"
    ).fetchall()


def test_where_nobody_doubts_there_are_empty_tables(build, settings):
    assert made(build, settings, 0) == []
    assert disputes.open_cells(build) == set()


def test_a_cell_is_in_doubt_until_decided(build, settings, resident, say):
    say(0, doubt(resident))
    say(0, doubt(resident, "name"))
    say(1, doubt(resident))  # said twice, doubted once
    assert made(build, settings, 2) == [("name", "open", 2, None), ("phone", "open", 2, None)]
    assert disputes.open_cells(build) == {("resident", resident, "phone"), ("resident", resident, "name")}
    say(3, decided(resident, "upheld"))
    assert made(build, settings, 3) == [
        ("name", "open", 3, None), ("phone", "upheld", 3, DAY + timedelta(days=3)),
    ]  # fmt: skip
    assert disputes.open_cells(build) == {("resident", resident, "name")}
    assert build.execute("select disputes, still_open, upheld from quality.dispute_count").fetchall() == [
        (2, 1, 1), (2, 1, 1),
    ]  # fmt: skip


def test_an_adverse_list_leaves_the_person_out_meanwhile(build, settings, resident, say):
    listed = """select count(*) from governance.resident where resident_id not in (
        select entity_id from quality.dispute_hold where entity = 'resident')"""
    say(0, doubt(resident))
    made(build, settings, 0)
    assert build.execute(listed).fetchall() == [(3,)]
    say(1, decided(resident, "rejected"))
    made(build, settings, 1)
    assert build.execute(listed).fetchall() == [(4,)]


def test_after_a_decision_the_same_cell_can_be_doubted_anew(build, settings, resident, say):
    for number, body in enumerate((doubt(resident), decided(resident, "rejected"), doubt(resident))):
        say(number, body)
    assert [state for _, state, _, _ in made(build, settings, 2)] == ["rejected", "open"]
    # a build of an earlier day knows nothing of later ones
    assert [state for _, state, _, _ in made(build, settings, 0)] == ["open"]


def test_a_doubt_follows_its_record_into_another_entity(build, settings, resident, say):
    record = build.execute(
        "select min(record_id) from matching.resident_link where entity_id = ?", [resident]
    ).fetchall()[0][0]
    say(0, doubt(resident, record_id=record))
    build.execute("update matching.resident_link set entity_id = 'abcdef12' where record_id = ?", [record])
    made(build, settings, 0)
    assert disputes.open_cells(build) == {("resident", "abcdef12", "phone")}


def test_the_believed_value_is_in_the_ledger_only(build, settings, resident, say, tmp_path):
    event = say(0, doubt(resident))
    assert BELIEVED in event.text
    made(build, settings, 0)
    build.execute("checkpoint")
    assert BELIEVED not in str(build.execute("from quality.dispute").fetchall())
    assert BELIEVED.encode() not in (tmp_path / "build.duckdb").read_bytes()


def test_a_build_reads_no_later_doubt_than_it_was_settled_at(build, settings, resident, say):
    bind(build, 0)
    say(0, doubt(resident))
    assert made(build, settings, 0) == []
