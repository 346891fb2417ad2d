"""SQL functions of ours, as DuckDB macros: cleaning and validating text, the same on every path.

Each `std_*` takes the text a system has and returns the standard value, or null where there is
none. Another engine registers functions of the same names (the SQL models call them by name).
"""

import re
from functools import cache

from jiceng_pipeline.standard import addresses, documents, identifiers, spellings
from jiceng_pipeline.standard.macro import let, literal, macro

# Every ASCII sign has a full-width twin 0xFEE0 further on; the ideographic space is U+3000.
_FULL = "".join(chr(code + 0xFEE0) for code in range(0x21, 0x7F)) + "\u3000"
_HALF = "".join(chr(code) for code in range(0x21, 0x7F)) + " "
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00a0\u00ad"
_FOLDED = rf"[\x{{ff01}}-\x{{ff5e}}\x{{3000}}{_INVISIBLE}]"
_SPACE = r"[\p{Zs}\x{180e}]"
_BLANK = r"[\s\p{Zs}\x{180e}]"  # a tab behind a number keeps a spreadsheet from taking it for one
_DOTS = "•‧∙・･．.。●⋅﹒"  # all written for the separator in the names of many minorities
_HAN = r"[\x{3400}-\x{9fff}\x{e000}-\x{f8ff}\x{20000}-\x{3ffff}]"
# what an office notes behind a name; another name in brackets is none of these
_NOTED = "已?(故|亡|死亡|去世|病故|迁[出入]|注销|销户)|户主|男|女|曾用名[^)】〕]*"
_NOTE = rf"[(\[【〔]\s*({_NOTED})\s*[)\]】〕]"
# what people write into a cell to say that it is empty
_NOTHINGS = (
    *("", "-", "--", "—", "——", "/", "\\", "无", "暂无", "未知", "不详", "空", "(空)", "(空白)"),
    *("null", "NULL", "Null", "none", "None", "NONE", "N/A", "n/a"),
    # and what databases, pandas and a spreadsheet's look-up write for it
    *(
        "(null)",
        "(NULL)",
        "[NULL]",
        "\\N",
        "nan",
        "NaN",
        "NaT",
        "<NA>",
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#NAME?",
        "#DIV/0!",
    ),
)
_NOTHING = f"({', '.join(map(literal, _NOTHINGS))})"
_SAYS_NOTHING = f"^({'|'.join(map(re.escape, _NOTHINGS))})$"
# What most values look like: they are standard already, and seeing that is much quicker than making them so. It is seen
# by patterns outside of any lambda, which compiles its own again for every two thousand rows; and not by a list to be
# in, of which DuckDB makes a join.
_OTHER_TEXT = f"^{_BLANK}|{_BLANK}$|{_FOLDED}|{_SAYS_NOTHING}"
_OTHER_WORD = rf"\s|{_SPACE}|{_FOLDED}|{_SAYS_NOTHING}"
_USUAL_NAME = (
    r"[\x{4e00}-\x{4e0c}\x{4e0e}-\x{6681}\x{6683}-\x{6729}\x{672b}-\x{9fff}][\x{4e00}-\x{9fff}]{1,3}"  # 不 暂 未
)
_USUAL_MOBILE = r"1[3-9]\d{9}"
_AREAL = r"(?:10|2\d|[3-9]\d\d)[2-8]\d{6,7}"  # of a landline, without the zero: area code, number
_USUAL_DAY = r"(19|20)\d{6}"
_USUAL_DATE = r"(19|20)\d\d-\d\d-\d\d([ T](\d\d:\d\d(:\d\d(\.\d*)?)?)?)?"
# 2024年 3月 5日 is one day, of 2024年3月 the first. Behind it only a time is passed over: not the day a period ends on,
# nor 农历, which makes it another
_DATE = r"(\d{4}) ?[年/.\-] ?(\d{1,2})(?: ?[月/.\-] ?(?:(\d{1,2}) ?[日号]?)?)?"
_CLOCK = (
    r"(?:[ T]+(?:[上下]午)? ?(?:\d{1,2}[:时点][0-9:分秒]*(?:\.\d*)?秒?|\d{6})? ?"
    r"(?:[APap][Mm])?|T)?"
)
_ZONE = r" ?(?:Z|[+-]\d\d(?::?\d\d)?)"
_INSTANT = rf"(19|20)\d\d-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?{_ZONE}"
_USUAL_NUMBER = r"[0-9]+(\.[0-9]+)?"
_OTHER_BUILDING = "[0-9](号楼|栋|座|#)|[0-9]房$"
_OTHER_ADDRESS = rf"{_OTHER_WORD}|{_OTHER_BUILDING}"
_AREA = "(江苏省)?(南通市?)?([^区县路街巷]{2}[区县]|(启东|如皋|海安|海门|通州)市|(经济技术)?开发区)?"
_TOWNSHIP = "([^路街巷号0-9]{1,10}(街道|镇区|镇|乡|开发区|新区|度假区|工业园区?|产业园|农场))?"
_COMMUNITY = "[^路街巷号0-9]{1,12}(社区|村)(居委会|村委会)?"


def trimmed(text: str) -> str:
    """Return a text as the SQL function of this name gives it: in half width, without what stands around it unseen."""
    return text.translate(str.maketrans(_FULL, _HALF, _INVISIBLE)).strip()


def _text() -> tuple[str, ...]:
    return (
        macro(
            "half_width",
            "t",
            # translate() costs a microsecond a value, so only where there is something to fold
            f"""case when regexp_matches(t, '{_FOLDED}')
            then translate(t, {literal(_FULL + _INVISIBLE)}, {literal(_HALF)}) else t end""",
        ),
        macro("trimmed", "t", f"regexp_replace(half_width(t), '^{_BLANK}+|{_BLANK}+$', '', 'g')"),
        macro(
            "std_text",
            "t",
            f"case when regexp_matches(t, {literal(_OTHER_TEXT)}) then "
            + let("t", "u").let("trimmed(u)", "v").then(f"case when v not in {_NOTHING} then v end")
            + " else t end",
        ),
        macro(
            "_squeezed",
            "t",
            f"case when regexp_matches(t, {literal(_OTHER_WORD)}) then "
            + let("t", "u")
            .let("std_text(u)", "v")
            .then(r"case when regexp_matches(v, '\s') then regexp_replace(v, '\s+', '', 'g') else v end")
            + " else t end",
        ),
        # what is typed because a number has to stand there: one sign throughout, or digits that count up from 1. A
        # short one is somebody's: 8 and 88 are numbers of households, 0 is none
        macro(
            "is_filler",
            "t",
            """case when left(t, 3) = '123' then length(t) > 7 and starts_with('12345678901234567890', t)
            when left(t, 1) = right(t, 1) then replace(t, left(t, 1), '') = '' and (length(t) > 2 or left(t, 1) = '0')
            else false end""",
        ),
        macro(
            "std_name",
            "t",
            f"""case when t is null then null
            when regexp_full_match(t, '{_USUAL_NAME}') then t else """
            + let("t", "u")
            .let("std_text(u)", "v")
            .then(
                f"""case when regexp_matches(v, '{_HAN}')
                then nullif(translate(regexp_replace(v, '\\s+|{_NOTE}', '', 'g'), {literal(_DOTS)},
                    '{"·" * len(_DOTS)}'), '')
                else upper(regexp_replace(v, '\\s+', ' ', 'g')) end"""
            )
            + " end",
        ),
        macro("std_organisation_name", "t", "upper(translate(_squeezed(t), '【】', '()'))"),
    )


def _contact() -> tuple[str, ...]:
    # a mobile number, or a landline with its area code; Nantong's own is 0513
    placeholder = "|".join([*(f"{digit}{{9}}" for digit in range(10)), "[0-9]0{8}"])
    # found once, though it stands twice: DuckDB sees that it is the same, where no case and no lambda stand around it
    below = f"regexp_replace(t, {literal(f'{_SAYS_NOTHING}|^{_AREA}{_TOWNSHIP}')}, '')"
    return (
        macro(
            "std_phone",
            "t",
            f"""case when t is null then null when regexp_full_match(t, '{_USUAL_MOBILE}')
            then case when right(t, 8) <> '00000000' and substr(t, 3, 8) <> substr(t, 4, 8) then t end else """
            + let("t", "u")
            .let("_squeezed(u)", "s")
            .let("regexp_replace(s, '[+()\\-]', '', 'g')", "d")
            # with the code of the country, or with the zero that was dialled before mobiles of elsewhere
            .let(rf"regexp_replace(d, '^(0086|86)?0?({_USUAL_MOBILE})$', '\2')", "m")
            .let(rf"regexp_replace(m, '^(0086|86)0?({_AREAL})$', '0\2')", "v")
            .then(
                rf"""case when regexp_matches(v, '^1[3-9]({placeholder})$') then null
                when regexp_full_match(v, '{_USUAL_MOBILE}|0{_AREAL}') then v
                when regexp_matches(v, '^[2-8]\d{{7}}$') then '0513' || v end"""
            )
            + " end",
        ),
        # one way to write a building: 3号楼, 3栋, 3# and 3幢 are the same
        macro(
            "std_address",
            "t",
            f"""case when t is null then null
            when not regexp_matches(t, {literal(_OTHER_ADDRESS)}) then t else """
            + let("t", "u")
            .let("_squeezed(u)", "v")
            .then(
                rf"""case when regexp_matches(v, '{_OTHER_BUILDING}') then regexp_replace(
                regexp_replace(v, '(\d+)(号楼|栋|座|#楼|#)', '\1幢', 'g'), '(\d+)房$', '\1室') else v end"""
            )
            + " end",
        ),
        # a standard address (`std_address`) down to road, door, building, unit, room: what two systems can be expected
        # to share. No group is captured: RE2 finds a match five times as quickly where it need not say of what parts
        macro(
            "address_key",
            "t",
            rf"""nullif(rtrim(regexp_replace(
            substr({below}, greatest(1, length(regexp_extract({below}, '^{_COMMUNITY}[^0-9]')))),
            '[室单元组号幢，,\-]+', '-', 'g'), '-'), '')""",
        ),
    )


def _in_china(text: str) -> str:
    """Return SQL: an instant as clocks here showed it. Programs write midnight of 5 May as 16:00 of the 4th in UTC."""
    whole = rf"regexp_replace({text}, '([ T]\d\d:\d\d)({_ZONE})$', '\1:00\2')"
    return f"timezone('Asia/Shanghai', try_cast(regexp_replace({whole}, ' (Z|[+-][0-9:]+)$', '\\1') as timestamptz))"


def _values() -> tuple[str, ...]:
    return (
        macro(
            "std_date",
            "t",
            f"""case when t is null then null
            when regexp_full_match(t, '{_USUAL_DAY}') then cast(try_strptime(t, '%Y%m%d') as date)
            when regexp_full_match(t, '{_USUAL_DATE}') then try_cast(left(t, 10) as date)
            else """
            + let("t", "u")
            .let("std_text(u)", "v")
            .let(f"regexp_extract(v, '^{_DATE}{_CLOCK}$', ['y', 'm', 'd'])", "p")
            .let(
                rf"""case when regexp_full_match(v, '{_INSTANT}') then {_in_china("v")}
                when p.y <> '' then
                    try_strptime(p.y || '-' || p.m || '-' || coalesce(nullif(p.d, ''), '1'), '%Y-%m-%d')
                when regexp_matches(v, '^\d{{8}}{_CLOCK}$') then try_strptime(left(v, 8), '%Y%m%d')
                when regexp_matches(v, '^\d{{6}}$') then try_strptime(v || '01', '%Y%m%d') end""",
                "d",
            )
            .then("case when d between timestamp '1850-01-01' and timestamp '2150-12-31' then cast(d as date) end")
            + " end",
        ),
        # 1,234 is one number, 12,34 may be two, and none
        macro(
            "_ungrouped",
            "t",
            let("_squeezed(t)", "v").then(
                r"""case when not contains(v, ',') then v
                when regexp_matches(v, '^[+-]?\d{1,3}(,\d{3})+($|[^\d,])') then replace(v, ',', '') end"""
            ),
        ),
        # 12.5 is none: DuckDB would round it
        macro(
            "std_integer",
            "t",
            let(r"regexp_replace(_ungrouped(t), '\.0+$', '')", "v").then(
                r"case when regexp_full_match(v, '[+-]?\d+') then try_cast(v as bigint) end"
            ),
        ),
        macro(
            "std_decimal",
            "t",
            f"""try_cast(case when t is null then null when regexp_full_match(t, '{_USUAL_NUMBER}') then t
            else """
            + let("t", "u").then("regexp_replace(_ungrouped(u), '元$', '')")
            + " end as decimal(18, 2))",
        ),
        # degrees within China, where no longitude can be taken for a latitude
        macro(
            "std_degrees",
            "t",
            let(r"try_cast(regexp_replace(_squeezed(t), '°$', '') as decimal(9, 6))", "v").then(
                "case when v between 3 and 54 or v between 73 and 136 then v end"
            ),
        ),
        macro(
            "std_boolean",
            "t",
            # 无 says that there is none, though of other cells it says nothing; dBase writes T and F
            let("upper(_squeezed(t))", "v").then(
                """case when v in ('1', '是', '有', 'Y', 'YES', 'T', 'TRUE') then true
                when v in ('0', '否', 'N', 'NO', 'F', 'FALSE') or regexp_full_match(t, '\\s*无\\s*') then false end"""
            ),
        ),
        macro(
            "std_timestamp",
            "t",
            let("std_text(t)", "v").then(
                f"""case when regexp_full_match(v, '{_INSTANT}') then {_in_china("v")}
                when regexp_matches(v, '^[0-9]') then try_cast(v as timestamp) end"""
            ),
        ),
        # of a row, its texts apart: two that differ anywhere have, in all likelihood, another. A hash alone often takes
        # two long texts for one that differ in just their eighth and sixteenth byte: so once more, moved on by one
        macro("content_mark", "r, texts", "hash(r, texts, '-' || array_to_string(texts, chr(31)))"),
    )


@cache
def macros() -> tuple[str, ...]:
    """Return the statements that create our functions, each after those it needs."""
    parts = (identifiers.macros(), documents.macros(), _contact(), addresses.macros(), _values(), spellings.macros())
    return (*_text(), *(each for part in parts for each in part))
