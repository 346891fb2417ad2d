"""What a comparison found, in words for people."""

from collections.abc import Mapping
from types import MappingProxyType

from jiceng_pipeline.matching import kinds
from jiceng_pipeline.matching.comparisons import together
from jiceng_pipeline.matching.model import Matching

PRIOR = "任意两条记录是同一对象的可能"
_UNKNOWN = "至少一方没有填写"
_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "person_name": {
            "same": "相同",
            "sound": "同音或繁简不同",
            "order": "字序颠倒或方音相同",
            "unread": "有一字打不出，其余相同",
            "dropped": "少一个字",
            "one_sign": "差一个字",
            "surname": "只有姓相同",
            "other": "不同",
        },
        "organisation_name": {
            "same": "相同",
            "core": "除地名和组织形式外相同",
            "part": "一方包含另一方",
            "other": "不同",
        },
        "birth_date": {
            "same": "相同",
            "both_new_year": "相同，但都是 1 月 1 日，像是默认值",
            "new_year": "同年，一方填作 1 月 1 日",
            "swapped": "日月颠倒",
            "lunar": "相差 20 至 50 天，像是农历",
            "one_digit": "差一位或两位颠倒",
            "same_year": "同年，月日不同",
            "near_year": "相差不到三年",
            "other": "不同",
        },
        "identity_number": {
            "same": "相同",
            "slip": "差一位或两位颠倒",
            "two_off": "差两位",
            "beginning": "残缺的号码与开头一致",
            "other": "不同",
        },
        "equal": {"same": "相同", "other": "不同"},
        "namesakes": {"only": "只有一人用", "few": "少数几人用", "some": "一些人用", "many": "很多人用"},
        "place_taken": {
            "free": "该系统中还没有此对象",
            "taken": "该系统中已有此对象",
            "shared": "该系统中一个对象常有多条",
        },
    }
)
_TOGETHER = MappingProxyType(
    {
        "phone": "电话相同",
        "address": "地址相同",
        "door": "门牌号码相同",
        "family": "同一家庭",
        "community": "同一社区",
        "phone_differs": "电话不同",
        "address_differs": "地址不同",
    }
)


def title(matching: Matching, comparison: str) -> str:
    """Return what is compared."""
    return matching.comparisons[comparison].title if comparison in matching.comparisons else "起点"


def said(matching: Matching, comparison: str, level: int) -> str:
    """Return what a level says; `prior` is where the sum begins."""
    if comparison not in matching.comparisons:
        return PRIOR
    kind = matching.comparisons[comparison].kind
    if kind == "together":
        return "，".join(_TOGETHER[flag] for flag in together.flags(level)) or "没有可比的"
    return _WORDS[kind][kinds.levels(kind)[level - 1]] if level else _UNKNOWN
