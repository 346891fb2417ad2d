"""The review queue: which pairs are asked, in which order, and when a question does not come back."""

from datetime import date

import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.matching import judgement, review
from jiceng_pipeline.matching.model import matchings
from jiceng_pipeline_tests.matching.conftest import DAY, HEALTH, LINKS, PENSION, REGISTER, citizen_id

WANG, LI = citizen_id("32060219500303123"), citizen_id("32060219620404246")
CHILD = date(2015, 6, 1)
WORLD = [
    {"system": REGISTER, "name": "王建国", "citizen_id": WANG, "birth_date": date(1950, 3, 3), "sex_code": "1"},
    {"system": HEALTH, "name": "李小明", "citizen_id": WANG, "birth_date": CHILD},
    {"system": REGISTER, "name": "李梅", "citizen_id": LI, "birth_date": date(1962, 4, 4), "sex_code": "2",
     "death_date": date(2026, 1, 1)},
    {"system": PENSION, "name": "赵强", "citizen_id": LI, "birth_date": date(1980, 4, 5), "pension_monthly_cny": 900},
]  # fmt: skip


@pytest.fixture
def world(reconcile, tmp_path):
    settings = Settings(home=tmp_path, business_date=DAY)
    with reconcile(WORLD, until=(*LINKS, "matching.enterprise_review")) as connection, open_ledger(settings) as ledger:
        yield connection, settings, ledger


def rows(connection, settings):
    review.create_review(connection, settings, matchings()["resident"])
    return connection.execute(
        "select record_id_a, record_id_b, record_id, reason, gain from matching.resident_review"
    ).fetchall()


def asked(connection, settings, ledger, limit=9):
    return [
        (each.record_id, each.other_record_id)
        for each in review.open_review(connection, settings, ledger, "resident", limit)
    ]


def test_those_are_first_whose_answer_changes_most(world):
    connection, settings, ledger = world
    # r003 and r002 differ on number, name, sex, birth date, death date, pension: one record would move,
    # a pension hangs on it and a death; r001 and r000 on number, name, sex, birth date
    expected = [("a002", "a003", "a003", "borrowed", 6 + 100 + 200), ("a000", "a001", "a001", "borrowed", 4)]
    assert rows(connection, settings) == expected
    first, second = review.open_review(connection, settings, ledger, "resident", 9)
    assert (first.record_id, first.other_record_id, first.gain) == ("a003", "a002", 306)
    assert (first.system, first.other_system, first.weight_bits) == (PENSION, REGISTER, None)
    assert (second.record_id, second.other_record_id) == ("a001", "a000")
    assert asked(connection, settings, ledger, limit=1) == [("a003", "a002")]
    assert review.open_review(connection, settings, ledger, "enterprise", 9) == []
    with pytest.raises(UsageError):
        review.open_review(connection, settings, ledger, "household", 9)


def test_what_was_answered_is_not_asked_again_at_once_or_by_the_next_build(world):
    connection, settings, ledger = world
    for verdict in ("same", "different", "unsure"):
        event = judgement.decide(connection, settings, ledger, verdict, ("a001", "a000"), "核对", "anna")
        assert asked(connection, settings, ledger) == [("a003", "a002")]
        assert [row[:2] for row in rows(connection, settings)] == [("a002", "a003")]
        judgement.undo(ledger, event.seq, "看错了", "anna")
        assert len(rows(connection, settings)) == 2


def test_who_could_not_tell_is_asked_again_once_a_record_says_something_else(world):
    connection, settings, ledger = world
    judgement.decide(connection, settings, ledger, "unsure", ("a001", "a000"), "核对", "anna")
    judgement.decide(connection, settings, ledger, "different", ("a002", "a003"), "核对", "anna")
    connection.execute("update standard.resident_record set landed_date = date '2026-11-25'")
    assert rows(connection, settings) == [], "landed again with the same content"
    connection.execute("update standard.resident_record set phone = '13912345678'")
    assert [row[:2] for row in rows(connection, settings)] == [("a000", "a001")]
    assert asked(connection, settings, ledger) == [("a001", "a000")]


def test_an_answer_about_one_record_settles_the_others_of_the_same_two_sides(reconcile, tmp_path):
    settings = Settings(home=tmp_path, business_date=DAY)
    both = {"name": "李小明", "citizen_id": WANG, "birth_date": CHILD, "phone": "13912345678"}
    with (
        reconcile([WORLD[0], {"system": HEALTH, **both}, {"system": PENSION, **both}], until=LINKS) as connection,
        open_ledger(settings) as ledger,
    ):
        assert [row[2] for row in rows(connection, settings)] == ["a001", "a002"]
        assert asked(connection, settings, ledger) == [("a001", "a000")], "one question for the two of them"
        judgement.decide(connection, settings, ledger, "different", ("a000", "a002"), "核对", "anna")
        assert asked(connection, settings, ledger) == []


def test_of_an_entity_whose_first_record_is_gone_one_is_shown_that_is_still_there(reconcile, tmp_path):
    phone = "13912345678"
    register = {"system": REGISTER, "name": "王建国", "citizen_id": WANG, "birth_date": date(1950, 3, 3)}
    people = [
        {**register, "first_landed": "20250101T000000.000000Z", "is_current": False},
        {**register, "system": HEALTH, "phone": phone},
        {"system": PENSION, "name": "王建国", "phone": phone},
    ]
    settings = Settings(home=tmp_path, business_date=DAY)
    with reconcile(people, until=LINKS) as connection, open_ledger(settings) as ledger:
        near = connection.execute("select near_record_id from matching.resident_match").fetchall()
        assert near == [("a000",)], "the founding record, which is gone"
        assert asked(connection, settings, ledger) == [("a002", "a001")]


ONCE, NOW, ALSO = WANG, citizen_id("32060219500304123"), citizen_id("32060219500305123")
PHONE, DOOR = "13912345678", "虹桥街道学田路270号幸福里10幢1单元202室"


@pytest.mark.parametrize(
    ("people", "questions"),
    [
        ([("王建国", ONCE, PHONE, None), ("王建国", NOW, PHONE, None)], [("a000", "a001")]),
        ([("王建国", ONCE, None, DOOR), ("王建国", NOW, None, DOOR)], [("a000", "a001")]),
        ([("王建国", ONCE, PHONE, DOOR), ("王建国", NOW, PHONE, DOOR)], [("a000", "a001")]),
        ([("王建国", ONCE, PHONE, None), ("王建军", NOW, PHONE, None)], []),  # brothers
        ([("王建国", ONCE, PHONE, None), ("王建国", NOW, None, DOOR)], []),
        ([(name, number, None, DOOR) for name, number in zip(["王建国"] * 3, (ONCE, NOW, ALSO), strict=True)], []),
    ],
    ids=["telephone", "dwelling", "both", "brothers", "nothing", "dormitory"],
)
def test_whose_number_the_police_may_have_changed_is_asked_about(reconcile, tmp_path, people, questions):
    systems = (HEALTH, REGISTER, PENSION)
    rows_of = [
        {"system": system, "name": name, "citizen_id": number, "phone": phone, "dwelling_address": door}
        for system, (name, number, phone, door) in zip(systems, people, strict=False)
    ]
    settings = Settings(home=tmp_path, business_date=DAY)
    with reconcile(rows_of, until=LINKS) as connection, open_ledger(settings) as ledger:
        rows(connection, settings)
        found = asked(connection, settings, ledger)
        assert [tuple(sorted(pair)) for pair in found] == questions
        if found:
            judgement.decide(connection, settings, ledger, "different", found[0], "核对", "anna")
            assert asked(connection, settings, ledger) == rows(connection, settings) == []
