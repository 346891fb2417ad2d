"""证件 other than the citizens' own: the numbers of permits and passports, each recognised by its form, in SQL.

港澳居民来往内地通行证 have H or M and the eight digits one keeps for life; two more count the renewals and are left
out. 台湾居民来往大陆通行证 have eight digits: what could be a day is none. 外国人永久居留身份证 have three letters and
twelve digits, since December 2023 a 9, sixteen digits and the check sign of GB 11643. The rest that has a letter or two
and digits, nine characters at most, is a passport (ICAO Doc 9303).
"""

from jiceng_pipeline.standard.identifiers import citizen_check
from jiceng_pipeline.standard.macro import let, macro

_DAY = r"(18|19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
_PASSPORT = r"([A-Z]\d{7,8}|[A-Z]{2}\d{6,7}|[A-Z]\d{3}[A-Z]\d{4})"


def macros() -> tuple[str, ...]:
    """Return the statements that create the documents' functions; they need `_squeezed` and `is_filler`."""
    return (
        macro(
            "std_other_document",
            "t",
            # nearly everybody has a number that begins with a province: those are not looked at twice
            r"case when regexp_full_match(t, '[1-8]\d{16}[0-9X]') then null else "
            + let("t", "u")
            .let("regexp_replace(upper(_squeezed(u)), '[-_.·''’()]', '', 'g')", "v")
            .then(
                rf"""case when is_filler(v) then null
                when regexp_full_match(v, '[HM]\d{{8}}(\d{{2}})?') then substr(v, 1, 9)
                when regexp_full_match(v, '9\d{{16}}[0-9X]') then
                    case when {citizen_check("v")} = substr(v, 18, 1) then v end
                when regexp_full_match(v, '\d{{8}}') then
                    case when not regexp_full_match(v, '{_DAY}') then v end
                when regexp_full_match(v, '[A-Z]{{3}}\d{{12}}|{_PASSPORT}') then v end"""
            )
            + " end",
        ),
        # of standard numbers, `citizen_id` or `other_document_number`
        macro(
            "identity_document_type",
            "t",
            r"""case when regexp_full_match(t, '8[123]0000\d{11}[0-9X]') then '550'
                when regexp_full_match(t, '[1-7]\d{16}[0-9X]') then '111'
                when regexp_full_match(t, '9\d{16}[0-9X]|[A-Z]{3}\d{12}') then '553'
                when regexp_full_match(t, '[HM]\d{8}') then '516'
                when regexp_full_match(t, '\d{8}') then '511'
                when t is not null then '414' end""",
        ),
    )
