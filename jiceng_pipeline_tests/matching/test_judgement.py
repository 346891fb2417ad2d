"""What a person may say, what of it stands after what was taken back, and what is refused."""

from dataclasses import dataclass

import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.kinds.decision import Decision
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.matching import judgement, verdicts
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.matching.conftest import DAY

RECORDS = {"resident": [f"a{number}" for number in range(6)], "enterprise": ["e0", "e1"]}
AB = {"entity": "resident", "record_id_a": "a0", "record_id_b": "a3", "reason": "核对"}


@dataclass
class Bench:
    """Records one may speak of, by name only, and an empty ledger."""

    connection: object
    settings: Settings
    ledger: Ledger

    def decide(self, one, other, verdict, reason="核对", entity=None):
        body = {"verdict": verdict, "reason": reason}
        if verdict != "unsure":
            return judgement.decide(
                self.connection, self.settings, self.ledger, verdict, (one, other), reason, "anna", entity
            ).seq
        said = Decision.model_validate({**body, "entity": "resident", "record_id_a": one, "record_id_b": other})
        return self.ledger.append("decision", said.subject, said, "anna").seq

    def move(self, record, away_from, to):
        return judgement.move(self.connection, self.ledger, record, away_from, to, "本人到场", "anna").seq

    def undo(self, seq):
        return judgement.undo(self.ledger, seq, "看错了", "anna")

    def stands(self):
        return [(word.record_id_a, word.record_id_b, word.verdict) for word in verdicts.words(self.ledger)]

    def states(self):
        return [act.state for act in verdicts.acts(self.ledger)]


@pytest.fixture
def bench(tmp_path):
    settings = Settings(home=tmp_path, business_date=DAY)
    with connect(settings=settings) as connection, open_ledger(settings) as ledger:
        connection.execute("create schema matching")
        for entity, records in RECORDS.items():
            connection.execute(f"create table matching.{entity}_link (record_id varchar)")
            connection.executemany(f"insert into matching.{entity}_link values (?)", [[each] for each in records])
        yield Bench(connection, settings, ledger)


def test_of_several_words_on_one_pair_each_can_be_taken_back(bench):
    first, second, third = (bench.decide("a0", "a3", each) for each in ("same", "different", "same"))
    assert (bench.stands(), bench.states()) == ([("a0", "a3", "same")], ["replaced", "replaced", "stands"])
    bench.undo(second)
    assert (bench.stands(), bench.states()) == ([("a0", "a3", "same")], ["replaced", "undone", "stands"])
    bench.undo(third)
    assert (bench.stands(), bench.states()) == ([("a0", "a3", "same")], ["stands", "undone", "undone"])
    bench.undo(first)
    assert (bench.stands(), bench.states()) == ([], ["undone", "undone", "undone"])
    bench.decide("a0", "a3", "different")
    assert bench.stands() == [("a0", "a3", "different")], "whoever was right after all decides again"


def test_half_a_move_can_be_overruled_and_the_other_half_stands(bench):
    seq = bench.move("a2", "a0", "a3")
    assert bench.stands() == [("a0", "a2", "different"), ("a2", "a3", "same")]
    bench.decide("a0", "a2", "same")
    assert bench.stands() == [("a0", "a2", "same"), ("a2", "a3", "same")]
    assert bench.states() == ["stands", "stands"]
    bench.undo(seq)
    assert (bench.stands(), bench.states()) == ([("a0", "a2", "same")], ["undone", "stands"])


def test_what_a_ledger_held_before_there_were_retractions_still_says_what_it_said(bench):
    for verdict in ("same", "unsure"):
        bench.ledger.append("decision", "a0:a3", {**AB, "verdict": verdict}, "anna")
    assert (bench.stands(), bench.states()) == ([("a0", "a3", "unsure")], ["replaced", "stands"])
    bench.undo(2)
    assert bench.stands() == [("a0", "a3", "same")]


def test_a_word_on_a_household_that_nothing_acts_on_is_refused(bench):
    for say in (
        lambda: bench.decide("a0", "a3", "different", entity="household"),
        lambda: judgement.kind_of(bench.connection, ("a0", "a2", "a3"), "household"),
    ):
        with pytest.raises(UsageError, match="户不单独判定") as refused:
            say()
        assert "户号" in refused.value.cure
    assert verdicts.words(bench.ledger) == []


def test_what_a_ledger_holds_of_households_is_no_word_on_their_members(bench):
    bench.ledger.append("decision", "a0:a3", {**AB, "entity": "household", "verdict": "different"}, "anna")
    bench.decide("a0", "a3", "same")
    assert [(word.entity, word.verdict) for word in verdicts.words(bench.ledger)] == [
        ("household", "different"), ("resident", "same"),
    ]  # fmt: skip


def test_the_list_says_who_decided_what_and_never_a_frozen_value(bench):
    bench.move("a2", "a0", "a3")
    value = {"entity": "resident", "record_id": "a0", "element_id": "phone", "value": "13912345678", "reason": "到场"}
    bench.ledger.append("freeze", "resident:a0:phone", value, "bert")
    moved, frozen = verdicts.acts(bench.ledger)
    assert (moved.verb, moved.records, moved.actor) == ("move", ("a2", "a0", "a3"), "anna")
    assert (frozen.verb, frozen.records, frozen.element_id) == ("freeze", ("a0",), "phone")
    assert "13912345678" not in str(frozen)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (lambda b: b.decide("a0", "a0", "same"), "两次"),
        (lambda b: b.decide("a0", "nobody", "same"), "没有这条记录"),
        (lambda b: b.decide("a0", "e0", "same"), "不是同一类（人员、市场主体）"),
        (lambda b: b.decide("a0", "a3", "same", entity="enterprise"), "不是 enterprise 的"),
        (lambda b: b.decide("e0", "e1", "same", entity="household"), "户不单独判定"),
        (lambda b: b.decide("a0", "a3", "same", reason=" "), "reason"),
        (lambda b: b.move("a0", "a1", "a1"), "两次"),
        (lambda b: b.move("a0", "a1", "e0"), "不是同一类"),
        (lambda b: b.undo(b.ledger.append("model", "x", MODEL, "sync").seq), "不是人工判定"),
        (lambda b: b.undo(99), "不是人工判定"),
        (lambda b: b.undo(-1), "不是人工判定"),
        (lambda b: b.undo(b.undo(b.decide("a0", "a3", "same")).seq), "撤回不能再撤回"),
        (lambda b: [b.undo(seq) for seq in [b.decide("a0", "a3", "same")] * 2], "已经撤回"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_cannot_be_said_is_refused(bench, said, told):
    with pytest.raises(UsageError, match=told) as refused:
        said(bench)
    assert refused.value.exit_code == 2


MODEL = {"entity": "resident", "version": "a" * 12, "reason": "首次训练"}
