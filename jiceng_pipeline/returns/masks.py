"""How each data element is shown in each profile (遮盖), as SQL over its column.

What `check` still tells of a 公民身份号码 beside it in a row is its first six digits, the birth
year and the sex. The eight digits of the birth date then have 365 values, the three of the sequence
at least 499 of that sex (999 numbers, odd for men, even for women), and the check sign follows from
the rest: 182,135 numbers fit. An age beside the year would leave half of the days, a full birth date
499 numbers, and a tail of four signs with a birth date exactly one. So the tail is never shown, dates
keep their year, ages are hidden, and what has no declared mask but is sensitive is hidden too.

In `posted` nothing is left of a number, a day or an address. In `statistics` nothing is left of a person.

A mobile number keeps three and four digits: 10,000 fit. A landline keeps its area code alone, because
neighbours share the exchange that its first digits name.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.ledger.kinds.grant import Profile
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element, elements
from jiceng_pipeline.standard.tags import tags

_COMPOUND_SURNAMES = (
    "欧阳|司马|上官|诸葛|司徒|东方|独孤|南宫|夏侯|皇甫|尉迟|公孙|慕容|长孙|宇文|司空|令狐|百里|呼延|东郭|"
    "南门|申屠|公羊|澹台|公冶|濮阳|单于|太史|端木|轩辕|钟离|闻人|赫连|西门|第五|拓跋|万俟|淳于|仲孙|公西"
)
# an address from its first door number on: digits, letters, brackets, or 三组, 十二号, 甲幢
_DOOR = (
    r"([0-9A-Za-z０-９Ａ-Ｚａ-ｚ(（#＃].*"
    r"|[零〇一二三四五六七八九十百两甲乙丙丁]+(号|弄|幢|栋|座|室|单元|组|队|楼|层|房).*)"
)


@dataclass(frozen=True)
class Masking:
    """`words` say to a reader what was done; `sql` does it to a column."""

    words: str
    sql: Callable[[str], str]


def _name(c: str) -> str:
    return f"""case when length({c}) = 1 then '*'
        when regexp_matches({c}, '^({_COMPOUND_SURNAMES}).$') then left({c}, 2) || '*'
        when regexp_matches({c}, '^({_COMPOUND_SURNAMES})..+$')
        then left({c}, 2) || repeat('*', length({c}) - 3) || right({c}, 1)
        when length({c}) = 2 then left({c}, 1) || '*'
        else left({c}, 1) || repeat('*', length({c}) - 2) || right({c}, 1) end"""


def _citizen_id(c: str) -> str:
    return f"""case when regexp_full_match({c}, '[0-9]{{17}}[0-9X]') then left({c}, 6) || repeat('*', 12)
        when {c} is not null then repeat('*', 18) end"""


def _phone(c: str) -> str:
    return f"""case when regexp_full_match({c}, '1[3-9][0-9]{{9}}') then left({c}, 3) || '****' || right({c}, 4)
        when regexp_full_match({c}, '0(10|2[0-9])[0-9]{{7,8}}') then left({c}, 3) || '********'
        when regexp_full_match({c}, '0[3-9][0-9]{{9,10}}') then left({c}, 4) || '********'
        when {c} is not null then '***********' end"""


def _address(c: str) -> str:
    return rf"regexp_replace({c}, '(?s){_DOOR}', '***')"


SHOWN = Masking("原样", lambda c: c)
HIDDEN = Masking("不显示", lambda c: f"case when false then {c} end")  # null of the column's own type

CHECK: Mapping[str, Masking] = {
    "none": SHOWN,
    "name": Masking("只留姓和末字", _name),
    "citizen_id": Masking("只留前六位", _citizen_id),
    "phone": Masking("手机留前三后四，固定电话只留区号", _phone),
    "address": Masking("只到路名或村名", _address),
    "year": Masking("只留年份", lambda c: f"year({c})"),
    "hidden": HIDDEN,
}


def _own(element: Element) -> Masking:
    """Return what the register says of the element; what is sensitive without a mask is hidden."""
    if element.mask == "none" and element.sensitivity == "sensitive":
        return HIDDEN
    return CHECK[element.mask]


@cache
def telling_systems() -> frozenset[str]:
    """Return the systems that tell of what is hidden: who is on the list of 低保对象台账 draws the allowance."""
    hidden = {each.id for each in elements().values() if _own(each) is HIDDEN}
    return frozenset(name for name, contract in contracts().items() if hidden & set(contract.columns.values()))


@cache
def telling_tags() -> frozenset[str]:
    """Return the tags that tell of values which are masked, for they rest on them."""
    return frozenset(code for code, tag in tags().items() if any(_own(each) is not SHOWN for each in tag.rests_on))


@cache
def _telling() -> Mapping[str, Masking]:
    """Return the columns that would tell of what is hidden beside them, each without that.

    Who is in one system more than the others draws the allowance; a changed 低保类别 says that there is one.
    """
    hidden = {each.id for each in elements().values() if _own(each) is HIDDEN}
    holders = _without(telling_systems(), "只列出不涉及敏感信息的系统")
    return {
        "source_systems": holders,
        "present_system": holders,
        "other_systems": holders,
        "system_count": HIDDEN,
        "record_count": HIDDEN,
        "changed_elements": _without(hidden, "只列出可以显示的数据项"),
        "tags": _tags(),
    }


def _tags() -> Masking:
    """Return the masking of a list of tags: one tells of the values it rests on, so those are not masked."""
    told = telling_tags()
    return HIDDEN if told >= set(tags()) else _without(told, "只列出不涉及个人信息的")


def _without(names: Iterable[str], words: str) -> Masking:
    """Return the masking that leaves these names out of a list written a,b,c."""
    listed = ", ".join(literal(name) for name in sorted(names))
    kept = "nullif(array_to_string(list_filter(string_split({c}, ','), lambda t: t not in ({listed})), ','), '')"
    return Masking(words, lambda c: kept.format(c=c, listed=listed)) if listed else SHOWN


def _check(element: Element) -> Masking:
    return _telling().get(element.id) or _own(element)


def _posted(element: Element) -> Masking:
    """Return what may hang on a notice board: a part of the name and what is public; no number, day or address."""
    if element.mask == "name":
        return CHECK["name"]
    return SHOWN if element.sensitivity == "public" else HIDDEN


def _statistics(element: Element) -> Masking:
    """Return what is said of no person: places, and counts of ours; small ones are for `statistics` to suppress."""
    is_count = element.sensitivity == "internal" and element.type in {"integer", "decimal"} and not element.entities
    return SHOWN if element.sensitivity == "public" or is_count else HIDDEN


PROFILES: Mapping[Profile, Callable[[Element], Masking]] = {
    "check": _check,
    "full": lambda _: SHOWN,
    "posted": _posted,
    "statistics": _statistics,
}
TITLES: Mapping[Profile, str] = {"check": "核对（已遮盖）", "full": "完整", "posted": "公示", "statistics": "统计"}
_OF_NOBODY: frozenset[Profile] = frozenset({"statistics"})


def profile(wanted: str) -> Profile:
    """Return the profile of that name; raise UsageError where there is none."""
    return _found(wanted, tuple(PROFILES))


def of_rows(wanted: str) -> Profile:
    """Return the profile of that name; raise UsageError where rows of persons cannot be shown so."""
    return _found(wanted, tuple(name for name in PROFILES if name not in _OF_NOBODY))


def _found(wanted: str, possible: tuple[Profile, ...]) -> Profile:
    for name in possible:
        if name == wanted:
            return name
    raise UsageError(
        "不能这样显示", where=f"显示方式 {wanted}", cure=f"可用：{'、'.join(f'{n}（{TITLES[n]}）' for n in possible)}"
    )


def masking(element: Element, shown: Profile, declares: Collection[str] = ()) -> Masking:
    """Return how `element` is shown in that profile, in a dataset that declares so."""
    if shown == "check" and "health" in declares and element.is_health:
        return SHOWN
    return PROFILES[shown](element)


def without_minors(masking: Masking, element: Element, key: str) -> Masking:
    """Return the same masking that shows nothing of who is under fourteen; `key` is the column with the resident."""
    if masking is HIDDEN or element.sensitivity in {"public", "internal"}:
        return masking
    minor = f"""{key} in (select r.resident_id from governance.resident as r cross join standard.business_day as d
        where r.birth_date > d.business_date - interval 14 year)"""
    return Masking(
        "；".join(filter(None, (masking.words, "未满十四周岁的不显示"))),
        lambda c: f"case when not coalesce({minor}, false) then {masking.sql(c)} end",
    )
