"""条件 (conditions): which rows of a dataset a subscription is about, as people say it and as the ledger keeps it.

People write a code's name, a tag's title, 是 and 否; the ledger has codes and standard values. A value that no row can
have would make a subscription that never delivers anything, so it is refused.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.ledger.kinds.subscription import Condition, Test
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.standard.register import Element, element
from jiceng_pipeline.standard.tags import tags

TESTS: Mapping[Test, str] = {
    "is": "是", "is_not": "不是", "at_least": "不小于（日期不早于）", "at_most": "不大于（日期不晚于）",
    "contains": "带有标签", "is_filled": "填了的", "is_empty": "空着的",
}  # fmt: skip
_BARE: Final[Collection[Test]] = ("is_filled", "is_empty")
_ONE: Final[Collection[Test]] = ("at_least", "at_most")
_TAGS: Final = "tags"


def of(name: str, test: Test, values: Sequence[str] = ()) -> Condition:
    """Return the condition, its values as the ledger has them; raise UsageError for what no row can have."""
    about = element(name)
    if (test == "contains") != (name == _TAGS and test not in _BARE):
        raise UsageError(f"{about.title}不能这样比", where=name, cure=f"标签用“{TESTS['contains']}”，别的不用")
    if bool(values) == (test in _BARE):
        need = "不写值" if values else "要写值"
        raise UsageError(f"{about.title}：“{TESTS[test]}”{need}", where=name, cure="改正条件")
    if test in _ONE and len(values) > 1:
        raise UsageError(f"{about.title}：“{TESTS[test]}”只能写一个值", where=name, cure="只留一个")
    return Condition(element=name, test=test, values=tuple(_value(about, each) for each in values))


def words(condition: Condition) -> str:
    """Return a condition as people say it: 民族 是 汉族、回族."""
    about = element(condition.element)
    known = _known(about)
    values = "、".join(known.get(value, value) for value in condition.values)
    return " ".join(filter(None, (about.title, TESTS[condition.test], values)))


def values(condition: Condition) -> str:
    """Return its values as people write them."""
    known = _known(element(condition.element))
    return "、".join(known.get(value, value) for value in condition.values)


def _value(about: Element, text: str) -> str:
    known = _known(about)
    if text in known:
        return text
    if found := [code for code, title in known.items() if title == text]:
        return found[0]
    if known:
        raise UsageError(
            f"{about.title}没有这个值", where=about.id, cure=f"可用：{'、'.join(list(known.values())[:12])}"
        )
    try:
        if about.type == "date":
            date.fromisoformat(text)
        elif about.type in {"integer", "decimal", "degrees"}:
            Decimal(text)
    except (ValueError, InvalidOperation):
        right = "日期写成 1950-01-31 这样" if about.type == "date" else "写数字"
        raise UsageError(f"{about.title}的值看不懂", where=about.id, cure=right) from None
    return text


def _known(about: Element) -> Mapping[str, str]:
    """Return value → how people say it, where there are only so many."""
    if about.id == _TAGS:
        return {code: tag.title for code, tag in tags().items()}
    if about.type == "boolean":
        return {"true": "是", "false": "否"}
    return code_sets()[about.code_set] if about.code_set else {}
