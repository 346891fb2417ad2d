"""A value that a person froze stands, wherever its record goes, until that is taken back."""

from datetime import date

import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.matching import frozen, judgement
from jiceng_pipeline.matching.tables import tables
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse.models import tables as models
from jiceng_pipeline.warehouse.table import materialise
from jiceng_pipeline_tests.matching.conftest import DAY, HEALTH, REGISTER, SHOPS, citizen_id, credit_code

WANG, CHEN = citizen_id("32060219500303123"), citizen_id("32061119620404377")
OLD, NEW, TYPED = "13911111112", "13922222223", "13933333334"
WORLD = [
    {"system": REGISTER, "name": "王建国", "citizen_id": WANG, "birth_date": date(1950, 3, 3), "phone": OLD,
     "record_updated_date": date(2020, 1, 1), "community_code": "320613005001"},
    {"system": HEALTH, "name": "王健国", "citizen_id": WANG, "phone": NEW, "record_updated_date": date(2026, 1, 1)},
    {"system": REGISTER, "name": "陈秀英", "citizen_id": CHEN, "phone": NEW, "marital_status_code": "20"},
]  # fmt: skip
SHOP = {"system": SHOPS, "enterprise_name": "面馆", "unified_social_credit_code": credit_code("91320602MA1XXXXX0")}
STEPS = (
    "matching.decision", "matching.resident_match", "matching.resident_borrowed", "matching.resident_link",
    "matching.resident_candidate", "matching.frozen_cell", "matching.resident_winner", "matching.resident_golden",
    "matching.resident_review", "governance.provenance_cell", "governance.conflict", "governance.resident",
    "returned.to_verify",
)  # fmt: skip


class World:
    """A reconciled world, what may be frozen in it, and what stands in its cells now."""

    def __init__(self, connection, settings, ledger):
        self.connection, self.settings, self.ledger = connection, settings, ledger

    def freeze(self, record, element_id, value=None):
        return judgement.freeze(self.connection, self.ledger, record, element_id, value, "本人到场", "anna").seq

    def decide(self, one, other, verdict):
        return judgement.decide(self.connection, self.settings, self.ledger, verdict, (one, other), "核对", "anna").seq

    def undo(self, seq):
        judgement.undo(self.ledger, seq, "看错了", "anna")

    def build(self):
        every = {each.full_name: each for each in [*tables(), *models(self.settings.sql_models)]}
        for name in STEPS:
            materialise(self.connection, every[name], self.settings)

    def ask(self, select):
        return self.connection.execute(select).fetchall()

    def phones(self):
        self.build()
        return dict(
            self.ask(
                """select min(l.record_id), any_value(r.phone) from matching.resident_link as l
                join governance.resident as r on r.resident_id = l.entity_id group by l.entity_id order by 1"""
            )
        )


@pytest.fixture
def world(reconcile, tmp_path):
    yield from _world(reconcile, tmp_path, WORLD)


@pytest.fixture
def buried(reconcile, tmp_path):
    """Both people are dead, the police say."""
    yield from _world(reconcile, tmp_path, [{**each, "death_date": date(2026, 2, 2)} for each in WORLD])


def _world(reconcile, home, records):
    settings = Settings(home=home, business_date=DAY)
    with reconcile(records, [SHOP], STEPS) as connection, open_ledger(settings) as ledger:
        yield World(connection, settings, ledger)


def test_a_frozen_value_wins_is_shown_as_such_and_thaws(world):
    everything = ("matching.resident_winner", "matching.resident_golden", "governance.provenance_cell")
    everything += ("governance.conflict", "returned.to_verify")

    def content():
        return {name: world.ask(f"from {name} order by all") for name in everything}

    assert world.phones() == {"a000": NEW, "a002": NEW}
    before = content()
    seq = world.freeze("a000", "phone", f" +86 {TYPED}")
    assert world.phones() == {"a000": TYPED, "a002": NEW}
    cells = "select system, value, is_winner, rule from governance.provenance_cell"
    assert world.ask(f"{cells} where element_id = 'phone' and value <> '{NEW}' order by value") == [
        (REGISTER, OLD, False, "last_change"), (frozen.SYSTEM, TYPED, True, "frozen"),
    ]  # fmt: skip
    assert world.ask(
        """select present_value, present_system, other_values, rule from governance.conflict
        where element_id = 'phone'"""
    ) == [(TYPED, frozen.SYSTEM, f"{OLD}；{NEW}", "frozen")]
    assert world.ask("select element_id from returned.to_verify") == [("name",)], "nobody is asked again"
    world.undo(seq)
    assert world.phones() == {"a000": NEW, "a002": NEW}
    assert content() == before


def test_whom_the_police_have_as_dead_lives_by_a_persons_word_until_that_is_taken_back(buried):
    dead = "select min(l.record_id) from matching.resident_link as l join governance.resident as r on "
    dead += "r.resident_id = l.entity_id where r.death_date is not null group by l.entity_id order by all"

    def content():
        buried.build()
        names = ("resident_winner", "resident_golden")
        return [buried.ask(f"from matching.{name} order by all") for name in names], buried.ask(dead)

    before = content()
    assert before[1] == [("a000",), ("a002",)]
    seq = judgement.deny(buried.connection, buried.ledger, "a000", "death_date", "本人到场", "anna").seq
    assert content()[1] == [("a002",)]
    assert buried.ask("select system, value, is_winner from governance.provenance_cell where rule = 'frozen'") == [
        (frozen.SYSTEM, None, True)
    ]
    later = buried.freeze("a000", "death_date", "2026-03-01")
    assert content()[1] == [("a000",), ("a002",)], "a later word replaces it"
    buried.undo(later)
    buried.undo(seq)
    assert content() == before
    for element_id, told in (("citizen_id", "不能否定"), ("enterprise_name", "没有数据元")):
        with pytest.raises(UsageError, match=told):
            judgement.deny(buried.connection, buried.ledger, "a000", element_id, "本人到场", "anna")


def test_it_follows_its_record_through_merge_and_undo_and_the_later_word_counts(world):
    first = world.freeze("a000", "phone")
    later = world.freeze("a002", "phone", TYPED)
    assert world.phones() == {"a000": OLD, "a002": TYPED}
    merged = world.decide("a000", "a002", "same")
    assert world.phones() == {"a000": TYPED}
    world.undo(later)
    assert world.phones() == {"a000": OLD}
    world.undo(merged)
    assert world.phones() == {"a000": OLD, "a002": NEW}
    world.freeze("a000", "phone", TYPED)
    assert world.phones() == {"a000": TYPED, "a002": NEW}, "a later freeze of a cell replaces the one before"
    world.undo(first)
    assert world.phones() == {"a000": TYPED, "a002": NEW}


def test_the_number_of_an_entity_is_one_of_its_own_records(world):
    merged = world.decide("a000", "a002", "same")
    world.build()
    world.freeze("a000", "citizen_id", CHEN)
    world.build()
    assert world.ask("select citizen_id from governance.resident") == [(CHEN,)]
    world.undo(merged)
    world.build()
    assert sorted(world.ask("select citizen_id from governance.resident")) == sorted([(WANG,), (CHEN,)])
    with pytest.raises(UsageError, match="没有一条记录写的是") as refused:
        world.freeze("a000", "citizen_id", CHEN)
    assert CHEN not in str(refused.value)


def test_what_is_no_value_of_the_element_is_refused_without_being_said_back(world):
    refusals = [
        (("a000", "phone", "12345"), "不是联系电话的合法取值"),
        (("a000", "sex_code", "7x"), "合法取值"),
        (("a000", "birth_date", "1950-13-01"), "合法取值"),
        (("a000", "community_code", "999999999999"), "合法取值"),
        (("a000", "citizen_id", WANG[:-1] + "5"), "合法取值"),
        (("a000", "name", "王" * 51), "合法取值"),
        (("a000", "marital_status_code", None), "这条记录没有"),
        (("a000", "enterprise_name", "面馆"), "人员的记录没有数据元"),
        (("a000", "resident_id", "x"), "没有数据元"),
        (("a000", "record_updated_date", "2026-01-01"), "没有数据元"),
        (("a000", "no_such", "x"), "没有数据元 no_such"),
        (("e000", "phone", "1"), "合法取值"),
        (("nobody", "phone", OLD), "没有这条记录"),
    ]
    for said, told in refusals:
        with pytest.raises(UsageError, match=told) as refused:
            world.freeze(*said)
        assert refused.value.exit_code == 2
        assert said[2] is None or len(said[2]) < 3 or said[2] not in str(refused.value)
    assert not list(world.ledger.events("freeze"))
    standard = {
        "birth_date": ("1950年3月3日", "1950-03-03"), "name": (" 王 建国", "王建国"), "sex_code": ("1", "1"),
        "has_diabetes": ("是", "true"), "subsistence_monthly_cny": ("1,020.5元", "1020.50"),
        "community_code": ("320613005001", "320613005001"), "dwelling_address": ("学田路1号2号楼", "学田路1号2幢"),
    }  # fmt: skip
    for element_id, (typed, value) in standard.items():
        assert frozen.standard_value(world.connection, element(element_id), typed) == value
        world.freeze("a000", element_id, typed)
    world.build()
    assert world.ask(
        "select birth_date, has_diabetes, subsistence_monthly_cny from governance.resident where phone = '13922222223'"
        f" and citizen_id = '{WANG}'"
    ) == [(date(1950, 3, 3), True, pytest.approx(1020.5))]
