"""One rubbish cell, or an odd name of a column, is a matter of its own system: it stops no build."""

import pytest

from jiceng_pipeline_tests.landing.believing import changed, on
from jiceng_pipeline_tests.landing.drifting import (
    CATEGORIES,
    COLUMNS,
    ELEMENTS,
    SEXES,
    contract,
    people,
    standard_of,
)


@on("csv")
def test_an_amount_too_large_for_its_unit_is_quarantined(held):
    held.contract = contract("delimited", {"file": "名册.csv"}, multiply={"月保障金额": 10_000})
    held.write(COLUMNS, changed("月保障金额", lambda _: "9999999999999999", rows=1))
    assert held.pull().status == "landed"
    values, quarantined = held.standard()
    assert sum(row[5] is None for row in values) == 1
    assert max(row[5] for row in values if row[5] is not None) == 6_800_000
    assert quarantined == [("月保障金额", "不是数，或大得放不下", 1)]


@on("csv")
def test_an_amount_that_names_another_unit_than_its_column_is_quarantined(held):
    held.contract = contract("delimited", {"file": "名册.csv"}, multiply={"月保障金额": 10_000})
    held.write(COLUMNS, changed("月保障金额", lambda amount: f" {amount} 元", rows=1))
    assert held.pull().status == "landed"
    values, quarantined = held.standard()
    assert sum(row[5] is None for row in values) == 1
    assert quarantined == [("月保障金额", "不是数，或大得放不下", 1)]


@pytest.mark.parametrize("name", ["code", "alias", "county_code"])
@on("csv")
def test_a_column_may_be_called_as_one_of_the_division_tree(held, name):
    columns = {name if column == "电话" else column: element for column, element in ELEMENTS.items()}
    held.contract = contract("delimited", {"file": "名册.csv"}, columns=columns)
    held.write([name if column == "电话" else column for column in COLUMNS], people())
    assert held.pull().status == "landed"
    assert held.standard() == (standard_of(people()), [])


@on("csv")
def test_a_contract_names_codes_as_the_department_writes_them(held):
    written = {"城市": "城市（Ａ类）", "农村": "无"}
    codes = {"性别": SEXES, "类别": {written[ours]: code for ours, code in CATEGORIES.items()}}
    held.contract = contract("delimited", {"file": "名册.csv"}, codes=codes)
    held.write(COLUMNS, changed("类别", lambda ours: f" {written[ours]}"))
    assert held.pull().status == "landed"
    assert held.standard() == (standard_of(people()), [])
