"""Numbers of eighteen signs as they were typed: equal, a slip of one or two, what a spreadsheet left, or other."""

LEVELS = ("same", "slip", "two_off", "beginning", "other")


def level(number: str) -> str:
    """Return SQL over the faces `l` and `r`; `slip`: one sign wrong, or two neighbours changed places.

    A number with a B in front is borrowed: known to be another's, it says nothing of who the borrower is.
    """
    a, b = f"l.{number}", f"r.{number}"
    return f"""case when {a} is null or {b} is null then 0
        when starts_with({a}, 'B') or starts_with({b}, 'B') then 0
        when {a} = {b} then 1
        when length({a}) < 18 or length({b}) < 18
            then case when starts_with({a}, {b}) or starts_with({b}, {a}) then 4 else 5 end
        when {_wrong(a, b)} = 1 or ({_wrong(a, b)} = 2 and {_swapped(a, b)}) then 2
        when {_wrong(a, b)} = 2 then 3
        else 5 end"""


def _wrong(a: str, b: str) -> str:
    return "(" + " + ".join(f"cast(substr({a}, {n}, 1) <> substr({b}, {n}, 1) as integer)" for n in range(1, 19)) + ")"


def _swapped(a: str, b: str) -> str:
    each = (
        f"(substr({a}, {n}, 1) = substr({b}, {n + 1}, 1) and substr({a}, {n + 1}, 1) = substr({b}, {n}, 1)"
        f" and substr({a}, {n}, 1) <> substr({b}, {n}, 1))"
        for n in range(1, 18)
    )
    return "(" + " or ".join(each) + ")"
