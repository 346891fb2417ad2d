"""Names of people, by character and by sound: Han text is never measured in bytes."""

LEVELS = ("same", "sound", "order", "unread", "dropped", "one_sign", "surname", "other")
SPELT = (0, 3)  # places of the features whose text is compared; of the others, whether they are equal


def level(name: str, reading: str, key: str, signs: str) -> str:
    """Return SQL over the faces `l` and `r`: the first level that holds, 1 for `same`; 0 where a name is missing.

    Where there are no `signs`, they are those of the name.

    `sound`: other characters read alike, or the name typed in pinyin. `order`: the same syllables in
    another order, or as a dialect says them. `unread`: a question mark where the other has a sign.
    """
    a, b = f"l.{name}", f"r.{name}"
    x, y = f"coalesce(l.{signs}, {a})", f"coalesce(r.{signs}, {b})"
    return f"""case when {a} is null or {b} is null then 0
        when {a} = {b} then 1
        when l.{reading} = r.{reading} then 2
        when l.{key} = r.{key} then 3
        when length({x}) = length({y}) and (contains({x}, '?') or contains({y}, '?')) and {_unread(x, y)} then 4
        when length({a}) = length({b}) + 1 and {_dropped(a, b)} then 5
        when length({b}) = length({a}) + 1 and {_dropped(b, a)} then 5
        when substr({a}, 1, 1) <> substr({b}, 1, 1) then 8
        when length({a}) = length({b}) and length({a}) > 2 and {_wrong(a, b)} = 1 then 6
        else 7 end"""


def _unread(a: str, b: str) -> str:
    signs = (f"(substr({a}, {n}, 1) in (substr({b}, {n}, 1), '?') or substr({b}, {n}, 1) = '?')" for n in range(1, 5))
    return "(" + " and ".join(signs) + f" and substr({a}, 5) = substr({b}, 5))"


def _dropped(longer: str, shorter: str) -> str:
    """Return SQL: the shorter name is the longer without its second, third or fourth sign."""
    without = (f"substr({longer}, 1, {n - 1}) || substr({longer}, {n + 1}) = {shorter}" for n in (2, 3, 4))
    return "(" + " or ".join(without) + ")"


def _wrong(a: str, b: str) -> str:
    return "(" + " + ".join(f"cast(substr({a}, {n}, 1) <> substr({b}, {n}, 1) as integer)" for n in range(2, 7)) + ")"
