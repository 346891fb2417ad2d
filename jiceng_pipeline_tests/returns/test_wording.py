"""Codes and names of ours as words, in SQL."""

import pytest

from jiceng_pipeline.returns.wording import in_words
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse.connection import connect

SAID = [
    ("sex_code", "2", "女性"),
    ("sex_code", "x", "x"),
    ("sex_code", None, None),
    ("is_living_alone", True, "是"),
    ("is_living_alone", False, "否"),
    ("is_living_alone", None, None),
    ("source_systems", "public_security/household_register,unknown/one", "常住人口登记（户籍）、unknown/one"),
    ("other_systems", None, None),
    ("changed_elements", "birth_date,phone", "出生日期、联系电话"),
    ("dataset", "resident_register", "人员底册"),
    ("name", "张三", "张三"),
]


@pytest.mark.parametrize(("element_id", "value", "words"), SAID)
def test_a_value_is_said_so(element_id, value, words):
    each = element(element_id)
    with connect() as connection:
        connection.execute(f"create table t (c {each.sql_type})")
        connection.execute("insert into t values (?)", [value])
        sql = in_words(each, "c", {"resident_register": "人员底册"})
        assert connection.execute(f"select {sql} from t").fetchall() == [(words,)]


@pytest.mark.parametrize(
    ("element_id", "column", "value", "words"),
    [
        ("marital_status_code", "present_value", "20", "已婚"),
        ("marital_status_code", "other_values", "10；20", "未婚、已婚"),
        ("phone", "present_value", "20", "20"),
        ("phone", "present_value", None, None),
    ],
)
def test_a_value_of_any_element_is_said_by_that_elements_codes(element_id, column, value, words):
    with connect() as connection:
        connection.execute("create table t (element_id varchar, c varchar)")
        connection.execute("insert into t values (?, ?)", [element_id, value])
        sql = in_words(element(column), "c", {})
        assert connection.execute(f"select {sql} from t").fetchall() == [(words,)]
