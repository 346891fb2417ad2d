"""Birth dates, and the ways they go wrong: the form's 1 January, day for month, by the moon, one digit."""

LEVELS = ("same", "both_new_year", "new_year", "swapped", "lunar", "one_digit", "same_year", "near_year", "other")
SPELT = (0, 1)  # places of the features whose text is compared; of the others, whether they are equal


def level(date: str, number_date: str) -> str:
    """Return SQL over the faces `l` and `r`; `lunar`: 20 to 50 days apart, as the two calendars are.

    `number_date` is what the identifier of the right face says; the level nearer to `same` holds.
    """
    typed, numbered = _level(f"l.{date}", f"r.{date}"), _level(f"l.{date}", f"r.{number_date}")
    return f"""coalesce(least({typed},
        case when r.{number_date} <> r.{date} or r.{date} is null then {numbered} end), 0)"""


def _level(a: str, b: str) -> str:
    # null and not 0: what is asked for its nullif is said twice, and planned twice
    return f"""case when {a} is null or {b} is null then null
        when {a} = {b} then case when {_new_year(a)} then 2 else 1 end
        when {_year(a)} = {_year(b)} and ({_new_year(a)} or {_new_year(b)}) then 3
        when {_year(a)} = {_year(b)} and month({a}) = day({b}) and day({a}) = month({b}) then 4
        when abs(date_diff('day', {a}, {b})) between 20 and 50 then 5
        when {_one_digit(a, b)} then 6
        when {_year(a)} = {_year(b)} then 7
        when abs({_year(a)} - {_year(b)}) <= 2 then 8
        else 9 end"""


def _year(date: str) -> str:
    return f"year({date})"


def _new_year(date: str) -> str:
    return f"(month({date}) = 1 and day({date}) = 1)"


def _one_digit(a: str, b: str) -> str:
    """Return SQL: yyyymmdd differs in one place, or in two that changed places."""
    x, y = (f"strftime({date}, '%Y%m%d')" for date in (a, b))
    # where year, month and day all differ so do three digits
    return f"""case when {_year(a)} <> {_year(b)} and month({a}) <> month({b}) and day({a}) <> day({b}) then false
            else case differing_signs({x}, {y}) when 1 then true
            when 2 then sorted_signs({x}) = sorted_signs({y}) else false end end"""
