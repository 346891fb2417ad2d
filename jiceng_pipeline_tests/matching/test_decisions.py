"""What people decided overrides every score, and taking it back leaves no trace."""

import random
from datetime import date

import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.matching import decisions
from jiceng_pipeline.matching.tables import tables
from jiceng_pipeline.warehouse.table import materialise
from jiceng_pipeline_tests.matching.conftest import DAY, HEALTH, PENSION, REGISTER, citizen_id

WANG, CHEN = citizen_id("32060219500303123"), citizen_id("32061119500303377")
BORN, PHONE = date(1950, 3, 3), "13912345678"
WORLD = [
    {"system": REGISTER, "name": "王建国", "citizen_id": WANG, "birth_date": BORN, "phone": PHONE},
    {"system": HEALTH, "name": "王建国", "citizen_id": WANG, "birth_date": BORN},
    {"system": PENSION, "name": "王建国", "birth_date": BORN, "phone": PHONE},
    {"system": REGISTER, "name": "陈秀英", "citizen_id": CHEN, "birth_date": date(1962, 4, 4)},
    {"system": HEALTH, "name": "赵强", "birth_date": date(1980, 4, 5), "phone": "13987654321"},
    {"system": PENSION, "name": "赵强", "birth_date": date(1980, 4, 5), "phone": "13987654321"},
]
ALONE = [("r000", "r001", "r002"), ("r003",), ("r004", "r005")]


@pytest.fixture
def world(reconcile, tmp_path):
    """Return the ledger of a reconciled world, and a function that gives its clusters as they are now decided."""
    settings = Settings(home=tmp_path, business_date=DAY)
    steps = [t for t in tables() if t.name in {"decision", "resident_anchor", "resident_match", "resident_link"}]
    steps.sort(key=lambda t: ["decision", "resident_anchor", "resident_match", "resident_link"].index(t.name))
    with reconcile(WORLD) as connection, open_ledger(settings) as ledger:

        def now():
            for table in steps:
                materialise(connection, table, settings)
            rows = connection.execute("from matching.resident_link order by record_id").fetchall()
            groups = {}
            for record_id, _, entity_id, *_ in rows:
                groups.setdefault(entity_id, []).append(record_id)
            return sorted(tuple(group) for group in groups.values()), rows

        yield ledger, now


def test_what_was_told_apart_stays_apart_and_an_undo_brings_it_back(world):
    ledger, now = world
    before = now()
    assert before[0] == ALONE
    event = decisions.decide(ledger, "resident", "r002", "r001", "different", "两个人", "anna")
    assert now()[0] == [("r000", "r001"), ("r002",), ("r003",), ("r004", "r005")]
    decisions.undo(ledger, event.seq, "看错了", "anna")
    assert now() == before
    decisions.decide(ledger, "resident", "r004", "r005", "different", "两个人", "anna")
    decisions.decide(ledger, "resident", "r000", "r001", "different", "证号被借用", "anna")
    clusters = now()[0]
    assert ("r004",) in clusters and ("r005",) in clusters
    assert not any({"r000", "r001"} <= set(cluster) for cluster in clusters), "also under one number"


def test_what_was_said_to_be_one_is_one_even_with_two_numbers(world):
    ledger, now = world
    decisions.decide(ledger, "resident", "r000", "r003", "same", "改过证号", "anna")
    assert now()[0] == [("r000", "r001", "r002", "r003"), ("r004", "r005")]
    decisions.decide(ledger, "resident", "r003", "r004", "same", "同一人", "anna")
    assert now()[0] == [tuple(f"r{number:03}" for number in range(6))], "who is like r004 follows it"


def test_one_record_moves_and_nothing_moves_with_it(world):
    ledger, now = world
    decisions.move(ledger, "resident", "r002", away_from="r000", to="r003", reason="本人到场", actor="anna")
    assert now()[0] == [("r000", "r001"), ("r002", "r003"), ("r004", "r005")]


def test_words_that_contradict_each_other_merge_nothing(world):
    ledger, now = world
    decisions.decide(ledger, "resident", "r000", "r003", "same", "一", "anna")
    decisions.decide(ledger, "resident", "r003", "r004", "same", "二", "bert")
    decisions.decide(ledger, "resident", "r000", "r004", "different", "三", "carl")
    assert now()[0] == ALONE


def test_a_pair_needs_two_records_and_only_decisions_can_be_undone(world):
    ledger, _ = world
    with pytest.raises(UsageError):
        decisions.decide(ledger, "resident", "r000", "r000", "same", "误", "anna")
    model_event = next(event.seq for event in ledger.events("model"))
    with pytest.raises(UsageError):
        decisions.undo(ledger, model_event, "误", "anna")


@pytest.mark.parametrize("seed", range(3))
def test_undoing_the_kth_of_n_equals_never_having_made_it(world, seed, tmp_path):
    ledger, now = world
    chance = random.Random(seed)
    records = [f"r{number:03}" for number in range(len(WORLD))]
    pairs = chance.sample([(a, b) for a in records for b in records if a < b], 5)
    said = [(a, b, chance.choice(["same", "different"])) for a, b in pairs]
    undone = chance.randrange(len(said))
    for number, (a, b, verdict) in enumerate(said):
        if number != undone:
            decisions.decide(ledger, "resident", a, b, verdict, "核对", "anna")
    never = now()
    events = [decisions.decide(ledger, "resident", a, b, verdict, "核对", "anna") for a, b, verdict in said]
    decisions.undo(ledger, events[undone].seq, "撤回", "anna")
    assert now() == never
    assert len(never[1]) == len(WORLD)
