"""What the comparisons find in Chinese names, dates and numbers, and what a household's evidence adds up to."""

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import macros, words
from jiceng_pipeline.matching.comparisons import birth_date, identity_number, organisation_name, person_name, together
from jiceng_pipeline.matching.model import matchings
from jiceng_pipeline.warehouse.connection import connect


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with connect(settings=Settings(home=tmp_path_factory.mktemp("engine"))) as connection:
        macros.create(connection)
        yield connection


def found(engine, levels, sql, left, right):
    """Return the name of the level of two faces, given as SQL; None where one of them does not say."""
    number = engine.execute(f"select {sql} from (select {left}) as l, (select {right}) as r").fetchall()[0][0]
    return levels[number - 1] if number else None


def named(name, reading):
    return f"""unread_name('{name}') as n, whole_reading('{reading}') as w, name_key('{reading}') as k,
        unread_signs('{name}') as s"""


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (("王建国", "wang jian guo"), ("王建国", "wang jian guo"), "same"),
        (("王建国", "wang jian guo"), ("王健國", "wang jian guo"), "sound"),
        (("王妍", "wang yan"), ("王yan", "wang y a n"), "sound"),
        (("李兰", "li lan"), ("李南", "li nan"), "order"),
        (("胡静", "hu jing"), ("胡金", "hu jin"), "order"),
        (("王建国", "wang jian guo"), ("王国建", "wang guo jian"), "order"),
        (("张毓春", "zhang yu chun"), ("张?春", "zhang ? chun"), "unread"),
        (("张\ue123春", "zhang \ue123 chun"), ("张yun春", "zhang y u n chun"), "unread"),
        (("王建国", "wang jian guo"), ("王建", "wang jian"), "dropped"),
        (("王国", "wang guo"), ("王建国", "wang jian guo"), "dropped"),
        (("王建国", "wang jian guo"), ("王建囯福", "wang jian guo fu"), "surname"),
        (("王建玉", "wang jian yu"), ("王建国", "wang jian guo"), "one_sign"),
        (("王芳", "wang fang"), ("王丽", "wang li"), "surname"),
        (("王芳", "wang fang"), ("李芳", "li fang"), "other"),
    ],
)
def test_names(engine, one, other, level):
    sql = person_name.level("n", "w", "k", "s")
    assert found(engine, person_name.LEVELS, sql, named(*one), named(*other)) == level
    assert found(engine, person_name.LEVELS, sql, named(*other), named(*one)) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("1950-03-07", "1950-03-07", "same"),
        ("1950-01-01", "1950-01-01", "both_new_year"),
        ("1950-01-01", "1950-03-07", "new_year"),
        ("1950-03-07", "1950-07-03", "swapped"),
        ("1950-03-07", "1950-02-01", "lunar"),
        ("1950-01-10", "1949-12-05", "lunar"),
        ("1950-03-07", "1960-03-07", "one_digit"),
        ("1950-03-12", "1950-03-21", "one_digit"),
        ("1950-03-07", "1950-09-28", "same_year"),
        ("1950-03-07", "1951-09-28", "near_year"),
        ("1950-03-07", "1982-09-28", "other"),
    ],
)
def test_birth_dates(engine, one, other, level):
    sql = birth_date.level("d", "n")
    for a, b in ((one, other), (other, one)):
        left = f"date '{a}' as d, cast(null as date) as n"
        assert found(engine, birth_date.LEVELS, sql, left, f"date '{b}' as d, cast(null as date) as n") == level
        assert found(engine, birth_date.LEVELS, sql, left, f"cast(null as date) as d, date '{b}' as n") == level
    assert found(engine, birth_date.LEVELS, sql, left, "cast(null as date) as d, cast(null as date) as n") is None


NUMBER = "320602195003031234"


@pytest.mark.parametrize(
    ("typed", "level"),
    [
        (NUMBER, "same"),
        ("320602195003031284", "slip"),
        ("320602190503031234", "slip"),
        ("320602195003041235", "two_off"),
        ("3.2060219E+17", "beginning"),
        ("3.2061119E+17", "other"),
        ("320611198811111111", "other"),
        ("不详", None),
    ],
)
def test_numbers(engine, typed, level):
    sql = identity_number.level("n")
    left, right = f"typed_number('{typed}') as n", f"'{NUMBER}' as n"
    assert found(engine, identity_number.LEVELS, sql, left, right) == level


def test_what_a_spreadsheet_left_of_two_numbers_is_no_number(engine):
    sql = identity_number.level("n")
    assert found(engine, identity_number.LEVELS, sql, "'32060219' as n", "'32060219' as n") == "beginning"


def test_a_borrowed_number_says_nothing(engine):
    sql = identity_number.level("n")
    assert found(engine, identity_number.LEVELS, sql, f"'B{NUMBER}' as n", f"'B{NUMBER}' as n") is None


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("南通市崇川区海鑫商贸有限公司", "海鑫商贸有限责任公司", "core"),
        ("南通海鑫商贸有限公司", "南通海鑫商贸有限公司", "same"),
        ("南通虹桥大饭店餐饮部", "南通虹桥大饭店", "part"),
        ("南通虹桥饭店青年路分店", "南通虹桥饭店", "other"),
        ("海鑫商贸第二门市部", "海鑫商贸", "other"),
        ("南通虹桥饭店", "南通濠河饭店", "other"),
    ],
)
def test_organisation_names(engine, one, other, level):
    sql = organisation_name.level("n", "c")
    faces = [f"'{name}' as n, organisation_core('{name}') as c" for name in (one, other)]
    assert found(engine, organisation_name.LEVELS, sql, *faces) == level


def test_what_agrees_in_one_household_is_not_counted_twice():
    weights = matchings()["resident"].comparisons["household"].weights
    phone, both = 1 << 0, (1 << 0) + (1 << 1)
    assert together.declared(phone, weights) == weights["phone"]
    assert weights["phone"] < together.declared(both, weights) < weights["phone"] + weights["address"]
    assert together.declared(0, weights) == 0


@pytest.mark.parametrize("entity", matchings())
def test_every_level_has_a_weight_and_words(entity):
    matching = matchings()[entity]
    for name, comparison in matching.comparisons.items():
        for level in range(len(comparison.weights) + (comparison.kind != "together")):
            assert words.said(matching, name, level)
