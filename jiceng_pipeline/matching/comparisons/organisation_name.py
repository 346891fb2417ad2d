"""Names of organisations: equal, equal but for place and form of organisation, or one part of the other."""

LEVELS = ("same", "core", "part", "other")


def level(name: str, core: str) -> str:
    """Return SQL over the faces `l` and `r`; `core` is the name without its place and form of organisation."""
    a, b = f"l.{core}", f"r.{core}"
    return f"""case when l.{name} is null or r.{name} is null then 0
        when l.{name} = r.{name} then 1
        when {a} = {b} then 2
        when length({a}) >= 3 and length({b}) >= 3 and (contains({a}, {b}) or contains({b}, {a})) then 3
        else 4 end"""
