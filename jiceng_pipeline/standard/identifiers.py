"""Identifiers with a check sign: 公民身份号码 (GB 11643—1999) and 统一社会信用代码 (GB 32100—2015), in SQL.

Checksum weights are those of the standards: for a resident 2^(18-i) mod 11, for an organisation
3^(i-1) mod 31 over 31 signs without I, O, S, V, Z; the 组织机构代码 inside it has a check sign of its
own (GB 11714—1997). The region of a resident's number is the one of first issue, so abolished codes
(Nantong's 320602, 320611, 320684, ...) are real; only the province is checked.
"""

from jiceng_pipeline.standard.macro import let, macro

CITIZEN_WEIGHTS = tuple(pow(2, 18 - position, 11) for position in range(1, 18))
CITIZEN_CHECK_SIGNS = "10X98765432"
CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
_ORGANISATION_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PROVINCES = "11|12|13|14|15|21|22|23|31|32|33|34|35|36|37|41|42|43|44|45|46|50|51|52|53|54|61|62|63|64|65|71"
_FORM = rf"^(({_PROVINCES})\d{{4}}|8[123]0000)(18|19|20)\d{{9}}[0-9X]$"


def citizen_check_sign(first_seventeen: str) -> str:
    """Return the check sign for seventeen digits."""
    total = sum(int(digit) * weight for digit, weight in zip(first_seventeen, CITIZEN_WEIGHTS, strict=True))
    return CITIZEN_CHECK_SIGNS[total % 11]


def credit_check_sign(first_seventeen: str) -> str:
    """Return the check sign for the first seventeen signs of a unified social credit code."""
    total = sum(CREDIT_SIGNS.index(sign) * weight for sign, weight in zip(first_seventeen, CREDIT_WEIGHTS, strict=True))
    return CREDIT_SIGNS[-total % 31]


def citizen_check(text: str) -> str:
    """Return SQL for the check sign of the first seventeen characters, all digits, of the SQL expression `text`."""
    # The digits d as a polynomial: the number is d(10), the sum of digits by weights 2 * d(2), as 2 ** (18 - i) are the
    # weights; and d(2) is what stays of the number when eight times each of its heads, doubled each time, is taken off.
    terms = "".join(f" - {8 * 2 ** (cut - 1)} * (number // {10**cut})" for cut in range(1, 17))
    return let(f"try_cast(substr({text}, 1, 17) as bigint)", "number").then(
        f"substr('{CITIZEN_CHECK_SIGNS}', 2 * (number{terms}) % 11 + 1, 1)"
    )


def _is_consistent(text: str) -> str:
    """Return SQL for whether a text of the form has a day of birth that there is and the right check sign."""
    return f"try_strptime(substr({text}, 7, 8), '%Y%m%d') is not null and {citizen_check(text)} = substr({text}, 18, 1)"


def _credit_check(text: str) -> str:
    terms = (
        f"(strpos('{CREDIT_SIGNS}', substr({text}, {position}, 1)) - 1) * {weight}"
        for position, weight in enumerate(CREDIT_WEIGHTS, start=1)
    )
    return f"substr('{CREDIT_SIGNS}', (31 - ({' + '.join(terms)}) % 31) % 31 + 1, 1)"


def _organisation_check(text: str) -> str:
    terms = (
        f"(strpos('{_ORGANISATION_SIGNS}', substr({text}, {position}, 1)) - 1) * {weight}"
        for position, weight in enumerate(_ORGANISATION_WEIGHTS, start=1)
    )
    return f"substr('0X987654321', ({' + '.join(terms)}) % 11 + 1, 1)"


def macros() -> tuple[str, ...]:
    """Return the statements that create the identifier functions; they need `_squeezed` and `is_filler`."""
    return (
        macro(
            "citizen_id_is_valid",
            "t",
            let("t", "v").then(
                f"coalesce(case when regexp_matches(v, '{_FORM}') then {_is_consistent('v')} end, false)"
            ),
        ),
        macro(
            "std_citizen_id",
            "t",
            # what has the form of a number is only checked; else the letter O is typed for zero, a check sign x in
            # lower case, and old numbers have 15 digits
            f"case when t is null then null when regexp_matches(t, '{_FORM}') then "
            f"case when {_is_consistent('t')} then t end else "
            + let("t", "u")
            .let("translate(regexp_replace(upper(_squeezed(u)), '[-_.·''’]', '', 'g'), 'O', '0')", "typed")
            .then(
                f"case when regexp_matches(typed, '{_FORM}') then case when {_is_consistent('typed')} then typed end"
                + r" when regexp_matches(typed, '^[1-9]\d{14}$') and not is_filler(typed) then "
                + let("substr(typed, 1, 6) || '19' || substr(typed, 7, 9)", "long")
                .let(f"long || {citizen_check('long')}", "upgraded")
                .then("case when citizen_id_is_valid(upgraded) then upgraded end")
                + " end"
            )
            + " end",
        ),
        macro("citizen_id_birth_date", "t", "cast(try_strptime(substr(t, 7, 8), '%Y%m%d') as date)"),
        macro("citizen_id_sex_code", "t", "case ascii(substr(t, 17, 1)) % 2 when 1 then '1' when 0 then '2' end"),
        macro(
            "credit_code_is_valid",
            "t",
            let("t", "v").then(
                f"""coalesce(case when regexp_matches(v, '^[0-9A-HJ-NPQRTUWXY]{{2}}\\d{{6}}[0-9A-HJ-NPQRTUWXY]{{10}}$')
                then {_credit_check("v")} = substr(v, 18, 1) and not is_filler(v) end, false)"""
            ),
        ),
        macro(
            "std_credit_code",
            "t",
            let("translate(upper(_squeezed(t)), 'OI', '01')", "typed").then(
                "case when credit_code_is_valid(typed) then typed end"
            ),
        ),
        # of a credit code or of what is typed in its place: 12345678-5 of the old certificate (GB 11714)
        macro(
            "organisation_code",
            "t",
            "coalesce(substr(std_credit_code(t), 9, 9), "
            + let("replace(upper(_squeezed(t)), '-', '')", "v").then(
                f"""case when regexp_full_match(v, '[0-9A-Z]{{8}}[0-9X]') and not is_filler(v)
                and {_organisation_check("v")} = substr(v, 9, 1) then v end"""
            )
            + ")",
        ),
    )
