"""The rule files: strict, portable, and covering what has to be covered."""

import re

import pytest
import sqlglot

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.quality.expectation import InSet
from jiceng_pipeline.quality.rule import rules
from jiceng_pipeline.standard.register import elements, elements_of
from jiceng_pipeline_tests.quality.world import DAY

RULES = rules()
GOOD = """title: 试
meaning: 试
layer: standard
table: standard.resident_record
element: name
key: record_id
severity: warn
predicate: name <> ''
owner: system
"""


def read(folder, text):
    (folder / "odd.yaml").write_text(text, "utf-8")
    return rules(folder)["odd"]


def test_there_are_rules_on_every_layer():
    assert {rule.layer for rule in RULES.values()} == {"landing", "standard", "governance", "returned"}
    assert len(RULES) >= 24


def test_every_coded_element_of_a_department_is_checked_against_its_code_set():
    held = {element for contract in contracts().values() for element in contract.columns.values()}
    every = [each for entity in ("resident", "enterprise") for each in elements_of(entity)]
    coded = {each.id: each.code_set for each in every if each.code_set and each.id in held}
    checked = {r.element: r.expectation.code_set for r in RULES.values() if isinstance(r.expectation, InSet)}
    assert checked == coded


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_speaks_to_people(rule):
    assert 4 <= len(rule.title) <= 30
    assert len(rule.meaning) > len(rule.title)
    assert not re.search(r"[a-z_]{3,}", rule.title + rule.meaning)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_only_our_own_work_blocks(rule):
    if rule.blocks:
        assert rule.owner == "governance"
    if rule.owner != "governance":
        assert not rule.blocks


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule.key], ids=lambda rule: rule.id)
def test_a_rule_is_portable_sql(rule):
    select = f"select {rule.key} from {rule.source(DAY)} as judged where not {rule.good(DAY)}"
    assert not re.search(r"::|\b(qualify|exclude|pivot)\b", select)
    (spark,) = sqlglot.transpile(select, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    assert sqlglot.parse_one(spark, read="spark").named_selects == [rule.key]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("predicate: name <> ''\n", "", 1, "expectation 与 predicate"),
        (
            "predicate: name <> ''",
            "predicate: name <> ''\nexpectation: {kind: not_null, column: name}",
            1,
            "只能写一个",
        ),
        ("predicate: name <> ''", "expectation: {kind: never, column: name}", 8, "expectation"),
        ("predicate: name <> ''", "expectation: {kind: in_set, column: name, code_set: nothing}", 8, "nothing"),
        ("predicate: name <> ''", "expectation: {kind: not_null, column: 'a; drop'}", 8, "column"),
        ("key: record_id", "key: citizen_id", 6, "key"),
        ("key: record_id\n", "", 1, "key"),
        ("element: name", "element: nothing", 1, "没有数据元 nothing"),
        ("owner: system", "owner: health/nothing", 1, "owner"),
        ("severity: warn", "severity: bad", 7, "severity"),
        ("severity: warn", "severity: warn\nseveritee: warn", 8, "severitee"),
        ("severity: warn", "severity: warn\nwhere: name = ':x'", 1, "冒号"),
        ("table: standard.resident_record", "table: resident_record", 4, "table"),
    ],
)
def test_a_broken_file_is_refused_with_line_and_cure(tmp_path, old, new, line, said):
    with pytest.raises(DefinitionError) as refused:
        read(tmp_path, GOOD.replace(old, new))
    assert said in refused.value.what
    assert refused.value.where == f"{tmp_path / 'odd.yaml'}:{line}"
    assert refused.value.cure


@pytest.mark.parametrize(
    "expected",
    [
        "{kind: row_count, minimum: 5, maximum: 3}",
        "{kind: between, column: birth_date, minimum: 2020-01-01, maximum: 1950-01-01}",
        "{kind: between, column: birth_date, minimum: 0, maximum: 1950-01-01}",
    ],
)
def test_bounds_between_which_nothing_lies_are_refused(tmp_path, expected):
    """A number of rows so bounded ended the sync of all systems with a traceback of great_expectations."""
    text = GOOD.replace("predicate: name <> ''", f"expectation: {expected}").replace(
        "owner: system", "owner: governance"
    )
    if "row_count" in expected:
        text = text.replace("key: record_id\n", "")
    with pytest.raises(DefinitionError, match="minimum") as told:
        read(tmp_path, text)
    assert f"{tmp_path / 'odd.yaml'}:" in str(told.value.where)


def test_the_file_name_is_the_id(tmp_path):
    assert read(tmp_path, GOOD).id == "odd"


def test_a_tolerance_is_a_share_or_a_number(tmp_path):
    rule = read(tmp_path, GOOD + "tolerance: {max_share: 0.05, max_count: 2}\n")
    assert [rule.tolerance.covers(failed, 100) for failed in (0, 2, 5, 6)] == [True, True, True, False]
    assert rule.tolerance.covers(2, 3)


def test_a_rule_names_records_only_by_surrogate_keys():
    personal = {e.id for e in elements().values() if e.sensitivity in {"personal", "sensitive"}}
    assert not personal & {rule.key for rule in RULES.values()}


def test_owners_are_systems_that_hold_the_element():
    for rule in RULES.values():
        if rule.owner in contracts() and rule.element != "community_code":
            assert rule.element in contracts()[rule.owner].columns.values(), rule.id
