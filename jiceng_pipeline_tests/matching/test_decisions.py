"""What people decided overrides every score, and taking it back leaves no trace."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise, permutations

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.matching import judgement
from jiceng_pipeline.matching.tables import tables
from jiceng_pipeline.warehouse.table import materialise
from jiceng_pipeline_tests.matching.conftest import (
    DAY,
    HEALTH,
    LINKS,
    PENSION,
    REGISTER,
    SHOPS,
    citizen_id,
    credit_code,
)  # fmt: skip

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
SHOP = {"system": SHOPS, "enterprise_name": "面馆", "unified_social_credit_code": credit_code("91320602MA1XXXXX0")}
ALONE = [("a000", "a001", "a002"), ("a003",), ("a004", "a005")]
STEPS = ("decision", "resident_match", "resident_borrowed", "resident_link")


@dataclass
class World:
    """A reconciled world, what may be said of it, and its clusters as they are now decided."""

    connection: object
    settings: Settings
    ledger: Ledger

    def decide(self, one, other, verdict, reason="核对", actor="anna"):
        return judgement.decide(self.connection, self.settings, self.ledger, verdict, (one, other), reason, actor).seq

    def move(self, record, away_from, to):
        return judgement.move(self.connection, self.ledger, record, away_from, to, "本人到场", "anna").seq

    def undo(self, seq):
        return judgement.undo(self.ledger, seq, "看错了", "anna")

    def now(self):
        every = {table.name: table for table in tables()}
        for name in STEPS:
            materialise(self.connection, every[name], self.settings)
        rows = self.connection.execute("from matching.resident_link order by record_id").fetchall()
        groups = {}
        for record_id, _, entity_id, *_ in rows:
            groups.setdefault(entity_id, []).append(record_id)
        return sorted(tuple(group) for group in groups.values()), rows


@pytest.fixture
def world(reconcile, tmp_path):
    settings = Settings(home=tmp_path, business_date=DAY)
    with reconcile(WORLD, [SHOP], (*LINKS, "matching.enterprise_link")) as connection, open_ledger(settings) as ledger:
        yield World(connection, settings, ledger)


def test_what_was_told_apart_stays_apart_and_an_undo_brings_it_back(world):
    before = world.now()
    assert before[0] == ALONE
    seq = world.decide("a002", "a001", "different")
    assert world.now()[0] == [("a000", "a001"), ("a002",), ("a003",), ("a004", "a005")]
    world.undo(seq)
    assert world.now() == before
    world.decide("a004", "a005", "different")
    world.decide("a000", "a001", "different")
    clusters = world.now()[0]
    assert ("a004",) in clusters and ("a005",) in clusters
    assert not any({"a000", "a001"} <= set(cluster) for cluster in clusters), "also under one number"


@pytest.mark.parametrize("first", [REGISTER, HEALTH])
def test_who_is_told_apart_from_two_of_one_number_takes_neither_away(reconcile, tmp_path, first):
    """The second word says the same of the stranger once more, and nothing of the two others."""
    settings = Settings(home=tmp_path, business_date=DAY)
    rows = [
        {"system": system, "name": "王建国", "citizen_id": WANG, "birth_date": BORN}
        for system in (first, HEALTH, PENSION, "medical_insurance/insured_person")
    ]
    with reconcile(rows, until=LINKS) as connection, open_ledger(settings) as ledger:
        world = World(connection, settings, ledger)
        world.decide("a000", "a001", "different")
        world.decide("a001", "a002", "different")
        world.decide("a002", "a003", "different")
        clusters = world.now()[0]
        assert clusters == [("a000", "a002"), ("a001",), ("a003",)]
        assert connection.execute("select record_id from matching.resident_borrowed order by 1").fetchall() == [
            ("a001",), ("a003",),
        ]  # fmt: skip


@pytest.mark.parametrize("is_held", [False, True], ids=["pool", "residual"])
def test_who_has_left_without_a_number_makes_nobody_leave(reconcile, tmp_path, is_held):
    """Of four that are told apart one from the next, the first and the third are still one."""
    settings = Settings(home=tmp_path, business_date=DAY)
    systems = (HEALTH, PENSION, "medical_insurance/insured_person", "veterans_affairs/veteran")
    rows = [{**WORLD[4], "system": system} for system in systems]
    held = [{**WORLD[4], "system": REGISTER, "citizen_id": citizen_id("32060219800405123")}] if is_held else []
    with reconcile([*rows, *held], until=LINKS) as connection, open_ledger(settings) as ledger:
        world = World(connection, settings, ledger)
        everybody = world.now()[0]
        assert len(everybody) == 1
        for one, other in pairwise(("a000", "a001", "a002", "a003")):
            world.decide(one, other, "different")
        left = ("a000", "a002", "a004")[: 2 + is_held]
        assert world.now()[0] == [left, ("a001",), ("a003",)]


def test_what_was_said_to_be_one_is_one_even_with_two_numbers(world):
    world.decide("a000", "a003", "same")
    assert world.now()[0] == [("a000", "a001", "a002", "a003"), ("a004", "a005")]
    world.decide("a003", "a004", "same")
    assert world.now()[0] == [tuple(f"a{number:03}" for number in range(6))], "who is like a004 follows it"


@pytest.mark.parametrize("numbers", list(permutations(range(3))))
def test_two_words_that_meet_under_one_number_make_one(reconcile, tmp_path, numbers):
    settings = Settings(home=tmp_path, business_date=DAY)
    born = (date(1950, 3, 3), date(1961, 4, 4), date(1972, 5, 5))
    stems = ("32060219500303123", "32061119610404377", "32061219720505245")
    rows = [
        {"system": system, "name": name, "citizen_id": citizen_id(stems[number]), "birth_date": born[number]}
        for name, number in zip(("王建国", "陈秀英", "赵卫东"), numbers, strict=True)
        for system in (REGISTER, HEALTH)
    ]
    with reconcile(rows, until=LINKS) as connection, open_ledger(settings) as ledger:
        world = World(connection, settings, ledger)
        before = world.now()
        world.decide("a000", "a002", "same")
        seq = world.decide("a003", "a004", "same")
        assert world.now()[0] == [tuple(f"a{number:03}" for number in range(6))]
        world.undo(seq)
        assert world.now()[0] == [("a000", "a001", "a002", "a003"), before[0][2]]


def test_one_record_moves_and_nothing_moves_with_it(world):
    before = world.now()
    seq = world.move("a002", "a000", "a003")
    assert world.now()[0] == [("a000", "a001"), ("a002", "a003"), ("a004", "a005")]
    world.undo(seq)
    assert world.now() == before, "both halves of it, by one undo"


def test_a_record_of_the_register_that_moves_leaves_its_number_behind(world):
    world.move("a000", "a001", "a003")
    # a002 has no number, and the telephone of a000
    assert world.now()[0] == [("a000", "a002", "a003"), ("a001",), ("a004", "a005")]
    held = world.connection.execute("select record_id from matching.resident_borrowed").fetchall()
    assert held == [("a000",)]


@pytest.mark.parametrize("record", ["a004", "a005"])
def test_who_moves_out_of_a_pool_goes_and_the_others_stay(world, record):
    """Whichever of the two fits better."""
    (other,) = {"a004", "a005"} - {record}
    seq = world.move(record, other, "a003")
    assert world.now()[0] == sorted([("a000", "a001", "a002"), ("a003", record), (other,)])
    world.undo(seq)
    assert world.now()[0] == ALONE


def test_who_is_said_to_be_one_with_whom_was_told_apart_is_apart_too(world):
    third = world.decide("a004", "a005", "same")
    world.decide("a002", "a000", "different")
    world.decide("a002", "a004", "same")
    clusters = world.now()[0]
    assert clusters == [("a000", "a001"), ("a002", "a004", "a005"), ("a003",)]
    world.undo(third)
    assert ("a000", "a001") in world.now()[0], "nobody spoke of these"


@pytest.mark.parametrize("record", ["a001", "a002"])
def test_two_that_are_one_leave_their_entity_together(reconcile, tmp_path, record):
    settings = Settings(home=tmp_path, business_date=DAY)
    rows = [WORLD[0], *({**WORLD[2], "system": system} for system in (HEALTH, PENSION))]
    with reconcile(rows, until=LINKS) as connection, open_ledger(settings) as ledger:
        world = World(connection, settings, ledger)
        assert world.now()[0] == [("a000", "a001", "a002")]
        world.decide("a000", record, "different")
        world.decide("a001", "a002", "same")
        assert world.now()[0] == [("a000",), ("a001", "a002")]


def test_words_that_contradict_each_other_merge_nothing(world):
    world.decide("a000", "a003", "same", "一", "anna")
    world.decide("a003", "a004", "same", "二", "bert")
    world.decide("a000", "a004", "different", "三", "carl")
    assert world.now()[0] == ALONE


def test_a_build_reads_the_ledger_up_to_its_number_only(world):
    world.connection.execute(
        "create table landing.ledger_bound as select cast(? as bigint) as seq", [world.ledger.head().seq]
    )
    world.decide("a002", "a001", "different")
    assert world.now()[0] == ALONE
