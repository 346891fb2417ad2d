"""Numbers of eighteen signs as they were typed: equal, a slip of one or two, what a spreadsheet left, or other."""

LEVELS = ("same", "slip", "two_off", "beginning", "other")
SPELT = (0,)  # places of the features whose text is compared; of the others, whether they are equal


def level(number: str) -> str:
    """Return SQL over the faces `l` and `r`; `slip`: one sign wrong, or two that changed places.

    A number with a B in front is borrowed: known to be another's, it says nothing of who the borrower is.
    """
    a, b = f"l.{number}", f"r.{number}"
    return f"""case when {a} is null or {b} is null then 0
        when starts_with({a}, 'B') or starts_with({b}, 'B') then 0
        -- two numbers of which a spreadsheet left the same beginning are no number at all
        when length({a}) < 18 or length({a}) <> length({b})
            then case when starts_with({a}, {b}) or starts_with({b}, {a}) then 4 else 5 end
        when {a} = {b} then 1
        else case differing_signs({a}, {b}) when 1 then 2
            when 2 then case when sorted_signs({a}) = sorted_signs({b}) then 2 else 3 end
            else 5 end
        end"""
