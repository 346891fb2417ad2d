"""Conditions of a subscription: written as people say them, kept as the ledger has them, refused where no row fits."""

import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.exchange import condition

SAID = [
    ("sex_code", "is", ["女性"], ("2",), "性别 是 女性"),
    ("sex_code", "is_not", ["1", "女性"], ("1", "2"), "性别 不是 男性、女性"),
    ("has_diabetes", "is", ["是"], ("true",), "糖尿病管理对象 是 是"),
    ("tags", "contains", ["aged_80"], ("aged_80",), "标签 带有标签 高龄老人"),
    ("birth_date", "at_most", ["1950-01-31"], ("1950-01-31",), "出生日期 不大于（日期不晚于） 1950-01-31"),
    ("phone", "is_filled", [], (), "联系电话 填了的"),
]


@pytest.mark.parametrize(("element", "test", "values", "kept", "words"), SAID)
def test_what_people_write_is_kept_as_standard_values_and_said_in_their_words(element, test, values, kept, words):
    made = condition.of(element, test, values)
    assert made.values == kept
    assert condition.words(made) == words
    written = condition.values(made)
    assert condition.of(element, test, written.split("、") if written else []) == made


@pytest.mark.parametrize(
    ("element", "test", "values", "said"),
    [
        ("sex_code", "is", ["男人"], "可用：.*男性"),
        ("tags", "is", ["aged_80"], "不能这样比"),
        ("phone", "contains", ["138"], "不能这样比"),
        ("birth_date", "at_least", ["去年"], "1950-01-31"),
        ("birth_date", "at_least", ["1950-01-31", "1960-01-31"], "只能写一个"),
        ("subsistence_monthly_cny", "at_least", ["八百"], "写数字"),
        ("phone", "is_filled", ["1"], "不写值"),
        ("phone", "is", [], "要写值"),
    ],
)
def test_what_no_row_can_have_is_refused(element, test, values, said):
    with pytest.raises(UsageError, match=said):
        condition.of(element, test, values)
