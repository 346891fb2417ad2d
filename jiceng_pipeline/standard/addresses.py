"""标准地址: an address taken apart in SQL, down to the door: divisions, street or village, building, unit, room.

Nothing is looked up here: whether 虹桥街道 is a township of ours, the SQL that calls these finds in the table of
divisions. A text that does not have this shape gives empty parts; its caller keeps it as it is written.
"""

from jiceng_pipeline.standard.macro import let, macro

_DIGITS = "一二三四五六七八九"
_HAN = f"[{_DIGITS}十百〇零两]"
_UNITS = "幢|栋|号楼|座|单元|室|户|号|组|村民小组|小组|队|楼|层|弄"

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ甲乙丙丁"  # that may number a building

HEAD = ("province", "city", "county", "rest")
_HEAD = (
    r"^([^市县区镇乡路街巷号0-9]{2,7}(?:省|自治区|特别行政区))?"
    r"([^市县区镇乡路街巷号0-9]{2,6}(?:市|地区|自治州|盟))?"
    r"([^市县区镇乡路街巷号0-9]{1,10}[区县市])?(.*)$"
)

FRONT = ("township", "community", "street", "village_group", "door", "estate", "block", "unit", "floor", "room")
_FRONT = (
    r"^([^路街巷号0-9]{1,10}?(?:街道|镇|乡|开发区|新区|度假区|园区|产业园|农场))?"
    r"([^路街巷弄号0-9]{1,10}社区(?:居委会|居民委员会)?)?"
    r"((?:[^路街巷道弄].*?)??)"  # 景德镇路 is no township with a road
    r"(?:([0-9]+)组)?"
    r"(?:([0-9]+[A-Z甲乙丙丁]?(?:-[0-9]+)?)号)?"
    r"((?:[^0-9]|[0-9]+(?:期|区|组团))*?)"
    r"(?:([0-9]+)-)?"
    r"(?:([0-9]+)(?:单元|-))?"
    r"(?:([0-9]+)(?:楼|层))?"
    r"(?:([0-9]+[A-Z]?|[A-Z][0-9]+)(?:室|户)?)?$"
)

INSIDE = ("block", "unit", "floor", "room")
_INSIDE = (
    r"^([0-9A-Z甲乙丙丁]+)幢"
    r"(?:([0-9]+|[A-Z]|[甲乙丙丁])(?:单元|-))?"
    r"(?:([0-9]+)(?:楼|层))?"
    r"(?:([0-9]+[A-Z]?|[A-Z][0-9]+)(?:室|户)?)?$"
)


def macros() -> tuple[str, ...]:
    """Return the statements that create these functions."""
    return (
        # 二十三 → 23, 一百零五 → 105, 三〇二 → 302; what is longer than any number of a door has no value to work out
        macro(
            "han_number",
            "t",
            let(f"translate(t, '{_DIGITS}〇零两', '{'123456789'}002')", "d").then(
                """case when d similar to '[0-9]+' or length(d) > 7 then d
                when contains(d, '百') then cast(
                    100 * coalesce(try_cast(string_split(d, '百')[1] as integer), 1)
                    + case when contains(d, '十')
                        then 10 * coalesce(try_cast(string_split(string_split(d, '百')[2], '十')[1] as integer), 1)
                            + coalesce(try_cast(string_split(d, '十')[2] as integer), 0)
                        else coalesce(try_cast(string_split(d, '百')[2] as integer), 0) end as varchar)
                else cast(10 * coalesce(try_cast(string_split(d, '十')[1] as integer), 1)
                    + coalesce(try_cast(string_split(d, '十')[2] as integer), 0) as varchar) end"""
            ),
        ),
        # of a standard address (`std_address`): numbers as digits, one word for each part, nothing between them
        macro(
            "address_text",
            "t",
            rf"""case when regexp_matches(t, '{_HAN}({_UNITS}|$)|[，,。；;、]|第[0-9]|[0-9](小组|村民小组|队)'
                    || '|之[0-9一二三四五六七八九]|[0-9A-Z甲乙丙丁](号楼|栋|座|#)|[幢元号]-|(^|[^0-9])0[0-9]')
                then regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
                    {_digits(r"regexp_replace(t, '[，,。；;、]', '', 'g')")},
                    '第?([0-9]+)(村民小组|生产队|小组|队)', '\1组', 'g'),
                    '([0-9A-Z甲乙丙丁])(号楼|栋|座|#楼|#)', '\1幢', 'g'),
                    '([0-9]+)(号之|之)([0-9]+)号?', '\1-\3号', 'g'), '(幢|单元|号)-', '\1', 'g'),
                    '(^|[^0-9])0+([0-9])', '\1\2', 'g')
                else t end""",
        ),
        macro("address_head", "t", f"regexp_extract(t, '{_HEAD}', [{_listed(HEAD)}])"),
        # in two: up to the building, and from there; there are few of either, and taking apart costs 10 µs
        macro(
            "address_front",
            "t",
            "case when contains(t, '幢') then "
            + let("rtrim(split_part(t, '幢', 1), '0123456789')", "v").then(
                f"case when contains('{_LETTERS}', right(v, 1)) then rtrim(v, '0123456789{_LETTERS}') else v end"
            )
            + " else t end",
        ),
        macro("address_inside", "t", "substr(t, length(address_front(t)) + 1)"),
        macro("address_front_parts", "t", f"regexp_extract(t, '{_FRONT}', [{_listed(FRONT)}])"),
        # 2楼3室 is another door than 5楼3室; of 2楼203室 the number says the floor again
        macro(
            "address_room",
            "floor, room",
            f"""case when floor <> '' and not (length(room) > 2 and starts_with(ltrim(room, '{_LETTERS}'), floor))
            then floor || '楼' || room else room end""",
        ),
        macro("address_inside_parts", "t", f"regexp_extract(t, '{_INSIDE}', [{_listed(INSIDE)}])"),
    )


def _digits(text: str) -> str:
    """Return SQL: the Chinese numerals before the word for a part as digits."""
    return f"""array_to_string(list_transform(
        regexp_extract_all({text}, '之?{_HAN}+(?:{_UNITS}|$)|之{_HAN}+|.'),
        lambda p: case when length(p) = 1 then p
            else regexp_extract(p, '^之?') || han_number(regexp_extract(p, '{_HAN}+'))
                || regexp_extract(p, '({_UNITS})?$') end), '')"""


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)
