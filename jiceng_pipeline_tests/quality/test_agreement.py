"""great_expectations and our own key query count the same, for each kind of expectation, nulls and all."""

import pytest

from jiceng_pipeline.quality.rule import Rule
from jiceng_pipeline.quality.run import check

ROWS = """create schema odd; create table odd.thing as
    select * from (values
    ('r1', 'a', 'p', 1,    2,    date '2026-01-01', 'x:y'),
    ('r2', 'a', 'p', 3,    3,    date '2026-01-02', '10%'),
    ('r3', 'a', null, null, 3,   null,              'it''s'),
    ('r4', null, 'p', 12,  null, date '2025-12-31', null),
    ('r5', 'b', 'q', -1,   -2,   date '2027-06-01', '王'),
    ('r6', null, null, 7,  8,    date '2026-11-24', ':y')
    ) as row(record_id, letter, other, number, limited, day, text);
    create table odd.known as select * from (values ('a'), (null)) as row(letter)"""


def a_rule(**fields):
    fixed = {"id": "odd", "title": "试", "meaning": "试", "layer": "standard", "table": "odd.thing", "key": "record_id"}
    return Rule.model_validate({**fixed, "severity": "warn", "owner": "governance", **fields})


CASES = {
    "not_null": ({"expectation": {"kind": "not_null", "column": "letter"}}, ["r4", "r6"]),
    "unique": ({"expectation": {"kind": "unique", "columns": ["letter"]}}, ["r1", "r2", "r3"]),
    "unique together": ({"expectation": {"kind": "unique", "columns": ["letter", "other"]}}, ["r1", "r2"]),
    "in_set": ({"expectation": {"kind": "in_set", "column": "letter", "values": ["b", "it's"]}}, ["r1", "r2", "r3"]),
    "between": ({"expectation": {"kind": "between", "column": "number", "minimum": 1, "maximum": 7}}, ["r4", "r5"]),
    "between days": (
        {"expectation": {"kind": "between", "column": "day", "minimum": "2026-01-01", "maximum": "2026-12-31"}},
        ["r4", "r5"],
    ),
    "not_before": ({"expectation": {"kind": "not_before", "column": "number", "other": "limited"}}, ["r1", "r6"]),
    "equal": ({"expectation": {"kind": "equal", "column": "number", "other": "limited"}}, ["r1", "r5", "r6"]),
    "matches": (
        {"expectation": {"kind": "matches", "column": "text", "regex": "[a-z:]+|\\d{2}%"}},
        ["r3", "r5"],
    ),
    "references": (
        {"expectation": {"kind": "references", "column": "letter", "table": "odd.known", "to": "letter"}},
        ["r5"],
    ),
    "predicate": ({"predicate": "number < 7"}, ["r4", "r6"]),
    "predicate with or": ({"predicate": "number < 7 or day = date '2025-12-31'"}, ["r6"]),
    "predicate with percent": ({"predicate": "text like '1%' or text like '%:y'"}, ["r3", "r5"]),
    "predicate on a day": ({"predicate": "day <= :business_date"}, ["r5"]),
    "where": ({"where": "text <> '王' and number < 4 or letter = 'a'", "predicate": "number < 0"}, ["r1", "r2"]),
    "where on a day": ({"where": "day < :business_date", "predicate": "number < 0"}, ["r1", "r2", "r4"]),
    "where and unique": (
        {"where": "number > 0", "expectation": {"kind": "unique", "columns": ["letter"]}},
        ["r1", "r2"],
    ),
    "where with percent": (
        {"where": "text like '%y'", "expectation": {"kind": "not_null", "column": "letter"}},
        ["r6"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_both_counts_agree(build, settings, case):
    fields, failing = CASES[case]
    build.execute(ROWS)
    (result,) = check(build, "standard", settings, {"odd": a_rule(**fields)})
    assert not result.broken, result.reason
    assert list(result.sample_keys) == failing
    assert result.failed_count == len(failing)


def test_rules_of_the_same_rows_are_judged_together_and_told_apart(build, settings):
    build.execute(ROWS)
    together = {case: a_rule(id=case, **fields) for case, (fields, _) in CASES.items()}
    results = check(build, "standard", settings, together)
    assert [result.reason for result in results] == [""] * len(CASES)
    assert {result.rule.id: list(result.sample_keys) for result in results} == {
        case: failing for case, (_, failing) in CASES.items()
    }
    assert [result.seconds > 0 for result in results] == [True] * len(CASES)


@pytest.mark.parametrize(
    ("minimum", "maximum", "passed"), [(1, None, True), (6, 6, True), (7, None, False), (0, 5, False)]
)
def test_both_count_the_rows_of_a_table(build, settings, minimum, maximum, passed):
    build.execute(ROWS)
    expectation = {"kind": "row_count", "minimum": minimum, "maximum": maximum}
    (result,) = check(build, "standard", settings, {"odd": a_rule(expectation=expectation, key=None)})
    assert (result.broken, result.passed, result.total_count) == (False, passed, 6), result.reason


def test_a_disagreement_breaks_the_rule(build, settings):
    # a view that is not the same twice: what was counted first is not what was counted second
    build.execute("create schema odd; create sequence odd.turn")
    build.execute(
        """create view odd.thing as
        select 'r' || i as record_id, nextval('odd.turn') > 5 as is_good from range(5) as r(i)"""
    )
    (result,) = check(build, "standard", settings, {"odd": a_rule(predicate="is_good")})
    assert (result.broken, result.passed, result.failed_count) == (True, False, 0)
    assert "两种数法不一致" in result.reason
