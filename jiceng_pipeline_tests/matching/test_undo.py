"""Undoing the k-th of n decisions equals never having made it, on records of a simulated community."""

import shutil

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.matching import judgement
from jiceng_pipeline.matching.tables import tables
from jiceng_pipeline.returns import changes
from jiceng_pipeline.warehouse import build, publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.models import tables as models
from jiceng_pipeline.warehouse.table import materialise

ENTITIES = 150
RESULT = ("matching.resident_link", "matching.resident_winner", "matching.resident_golden", "matching.frozen_cell")
REGISTERS = ("returned.resident_register", "returned.household_register")
PHONES = ("13912345678", "13987654321")
MIRRORED = {"added": "removed", "removed": "added", "moved_in": "moved_out", "moved_out": "moved_in"}
SPOKEN_OF = 8  # so few records that words on one pair pile up and contradict each other


class Community:
    """Some residents of a synced community, decided upon and reconciled anew as often as a test likes."""

    def __init__(self, settings, connection, ledger):
        self.settings, self.connection, self.ledger = settings, connection, ledger
        self.records = [
            record
            for (record,) in connection.execute(
                """with pair as (
                    select record_id_a, record_id_b, row_number() over (order by gain desc, record_id_a) as nth
                    from matching.resident_review
                ), known as (
                    select record_id_a as record_id from pair where nth <= 2
                    union select record_id_b from pair where nth <= 2
                ), more as (
                    select record_id from matching.resident_link where is_current and entity_id in (
                        select entity_id from matching.resident_link join known using (record_id))
                )
                select record_id from (select record_id, 0 as far from known union all select record_id, 1 from more)
                group by record_id order by min(far), record_id limit ?""",
                [SPOKEN_OF],
            ).fetchall()
        ]

    def say(self, act):
        """Say what `act` draws, and return the number of the event."""
        verb, (one, other, third), phone = act
        one, other, third = (self.records[number] for number in (one, other, third))
        if verb == "move":
            event = judgement.move(self.connection, self.ledger, one, other, third, "核对", "anna")
        elif verb == "freeze":
            event = judgement.freeze(self.connection, self.ledger, one, "phone", phone, "核对", "anna")
        else:
            event = judgement.decide(self.connection, self.settings, self.ledger, verb, (one, other), "核对", "anna")
        return event.seq

    def undo(self, seq):
        judgement.undo(self.ledger, seq, "看错了", "anna")

    def result(self):
        """Return what the decisions that stand lead to."""
        remake(self.connection, self.settings, RESULT)
        return {name: self.connection.execute(f"from {name} order by all").fetchall() for name in RESULT}


def remake(connection, settings, wanted):
    """Make what is wanted anew, and whatever of it depends on decisions (here none is on an enterprise), in order."""
    every = {each.full_name: each for each in [*tables(), *models(settings.sql_models)]}
    needed = []

    def need(name):
        if name not in every or name in needed or name == "matching.model" or "enterprise" in name:
            return
        for other in sorted(every[name].depends):
            need(other)
        if name == "matching.decision" or every[name].depends & set(needed) or name in wanted:
            needed.append(name)

    for name in wanted:
        need(name)
    for name in needed:
        materialise(connection, every[name], settings)


@pytest.fixture(scope="module")
def home(synced, tmp_path_factory):
    """Return a copy of a synced home whose published version knows a few residents only."""
    folder = tmp_path_factory.mktemp("decided") / "home"
    shutil.copytree(synced.home, folder, symlinks=True)
    settings = Settings(home=folder, business_date=synced.business_date)
    database = build.private(settings, "few")
    shutil.copyfile(publish.current(settings).database, database)
    with connect(database, settings=settings) as connection:
        connection.execute(
            f"""create temp table few as
            with asked as (
                select entity_id from (
                    select l.entity_id, r.gain from matching.resident_review as r
                    join matching.resident_link as l using (record_id)
                    union all select entity_id, gain from matching.resident_review)
                group by entity_id order by max(gain) desc, entity_id limit {ENTITIES // 3}
            ), others as (
                select distinct entity_id from matching.resident_link where is_current order by entity_id
                limit {ENTITIES}
            )
            select record_id from matching.resident_link
            where entity_id in (select entity_id from asked union select entity_id from others)"""
        )
        # a view over all that the systems have: of the few it is a table
        connection.execute(
            """create temp table kept_record as from standard.resident_record semi join few using (record_id);
            drop view standard.resident_record; create table standard.resident_record as from kept_record"""
        )
        connection.execute("delete from staging.resident_record where record_id not in (select record_id from few)")
        remake(connection, settings, (*RESULT, "matching.resident_review", *REGISTERS))
    publish.publish(settings, database, {"inputs": {}, "summary": {}})
    return settings


@pytest.fixture(scope="module")
def community(home, tmp_path_factory):
    database = tmp_path_factory.mktemp("undone") / "build.duckdb"
    shutil.copyfile(publish.current(home).database, database)
    with connect(database, settings=home) as connection, open_ledger(home) as ledger:
        connection.execute("drop table if exists landing.ledger_bound")
        yield Community(home, connection, ledger)


ACT = st.tuples(
    st.sampled_from(["same", "different", "unsure", "move", "freeze"]),
    st.permutations(range(SPOKEN_OF)).map(lambda order: order[:3]),
    st.sampled_from(PHONES),
)


@given(said=st.lists(ACT, min_size=2, max_size=7), data=st.data())
@hypothesis_settings(
    max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
def test_undoing_the_kth_of_n_equals_never_having_made_it(community, said, data):
    undone = data.draw(st.integers(0, len(said) - 1))
    kept = [community.say(act) for number, act in enumerate(said) if number != undone]
    never = community.result()
    for seq in kept:
        community.undo(seq)
    every = [community.say(act) for act in said]
    community.undo(every[undone])
    assert community.result() == never
    for number, seq in enumerate(every):
        if number != undone:
            community.undo(seq)


def test_with_everything_undone_nothing_was_ever_said(community):
    before = community.result()
    said = [("same", (0, 2, 1), ""), ("freeze", (0, 1, 2), PHONES[0]), ("move", (1, 0, 3), ""), ("same", (4, 5, 1), "")]
    every = [community.say(act) for act in said]
    decided = community.result()
    assert all(decided[name] != before[name] for name in RESULT)
    for seq in every:
        community.undo(seq)
    assert community.result() == before


def test_what_changed_by_a_decision_changes_back_by_its_undo(home):
    def next_version(run):
        database = build.private(home, run)
        shutil.copyfile(publish.current(home).database, database)
        with connect(database, settings=home) as connection:
            connection.execute("drop table if exists landing.ledger_bound")
            remake(connection, home, (*RESULT, "matching.resident_review", *REGISTERS))
            changes.build(connection, home)
            told = connection.execute(
                "select community_code, dataset, entity_id, change_code, changed_elements from returned.changes"
            ).fetchall()
        return publish.publish(home, database, {"inputs": {}, "summary": {}}).version.manifest["tables"], told

    def mirrored(told):
        # who moves in is told what else changed, who is left is not
        return {(*key, MIRRORED.get(code, code), None if code in MIRRORED else what) for *key, code, what in told}

    first, _ = next_version("first")
    with (
        connect(publish.current(home).database, settings=home, read_only=True) as connection,
        open_ledger(home) as ledger,
    ):
        one, other = connection.execute(
            """select record_id_a, record_id_b from matching.resident_review
            order by gain desc, record_id_a limit 1"""
        ).fetchall()[0]
        said = [
            judgement.decide(connection, home, ledger, "same", (one, other), "核对", "anna").seq,
            judgement.freeze(connection, ledger, one, "phone", PHONES[0], "核对", "anna").seq,
        ]
        second, there = next_version("second")
        for seq in said:
            judgement.undo(ledger, seq, "看错了", "anna")
        third, back = next_version("third")
    assert {row[3] for row in there} >= {"removed", "changed"}
    assert {(*key, code, None if code in MIRRORED else what) for *key, code, what in back} == mirrored(there)
    assert second != first and third == first
