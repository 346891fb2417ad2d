"""What two spellings have in common, as SQL functions: names by sound, numbers as typed, doors, company names."""

from jiceng_pipeline.standard.macro import let, macro

# Dialects of this coast do not tell these apart: n and l, h and f, in and ing, zh and z.
_FOLDED = (
    (r"(^| )n", r"\1l"),
    (r"(^| )h", r"\1f"),
    (r"(^| )(z|c|s)h", r"\1\2"),
    (r"ng( |$)", r"n\1"),
)
_PLACES = "中国|江苏省?|南通市?|崇川区?|通州区?|海门区?|海门市|如东县?|启东市?|如皋市?|海安市?|开发区"
_FORMS = "股份有限公司|有限责任公司|有限公司|个体工商户|个人独资|有限合伙|普通合伙"
_HAN = r"[\x{3400}-\x{9fff}\x{20000}-\x{3ffff}]"
_UNREAD = r"[?？□\x{e000}-\x{f8ff}]"  # what stands for a character that a system could not write


def macros() -> tuple[str, ...]:
    """Return the statements that create the functions, each after those it needs."""
    folded = "lower(r)"
    for pattern, instead in _FOLDED:
        folded = f"regexp_replace({folded}, '{pattern}', '{instead}', 'g')"
    return (
        macro("whole_reading", "r", "replace(lower(r), ' ', '')"),
        # syllables as a dialect says them, in alphabetical order: transposed characters have the same key
        macro("name_key", "r", f"array_to_string(list_sort(string_split({folded}, ' ')), ' ')"),
        macro("surname_key", "r", f"string_split({folded}, ' ')[1]"),
        macro("unread_name", "n", f"regexp_replace(n, '{_UNREAD}', '?', 'g')"),
        # 张yu春, where a system could not write 毓, has a sign that is not read
        macro("unread_signs", "n", f"regexp_replace(unread_name(n), '({_HAN})[a-zA-Z]+', '\\1?', 'g')"),
        macro(
            "typed_number",
            "t",
            let("translate(regexp_replace(upper(_squeezed(t)), '[-_.·''’ ]', '', 'g'), 'O', '0')", "v").then(
                r"""case when is_filler(string_split(v, 'E')[1]) then null
                when regexp_full_match(v, '\d{17}[\dX]') then v
                when regexp_full_match(v, '\d{6,12}E\+\d\d') then string_split(v, 'E')[1] end"""
            ),
        ),
        macro(
            "typed_code",
            "t",
            let("translate(upper(_squeezed(t)), 'OI', '01')", "v").then(
                "case when regexp_full_match(v, '[0-9A-Z]{18}') and not is_filler(v) then v end"
            ),
        ),
        # 南通市崇川区海鑫商贸有限公司 and 海鑫商贸有限责任公司 leave what people call it; a branch keeps its word
        macro(
            "organisation_core",
            "n",
            f"""coalesce(nullif(regexp_replace(regexp_replace(n, '^({_PLACES})+', ''),
                '[（(]?({_FORMS})[)）]?$', ''), ''), n)""",
        ),
        # the form's own first day says nothing
        macro("real_date", "d", "case when d > date '1900-01-01' then d end"),
        macro(
            "door_number",
            "a",
            let(r"regexp_extract_all(a, '\d+')", "n").then(
                "case when n[2] is not null then array_to_string(n, '-') end"
            ),
        ),
    )
