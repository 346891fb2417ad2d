"""Names of organisations: equal, equal but for place and form of organisation, or one part of the other."""

# 海鑫商贸青年路店 is a branch of 海鑫商贸, with a licence of its own
_BRANCH = "(分公司|分店|分社|分厂|分部|分院|门市部|营业部|[路街巷村号第一二三四五六七八九十0-9]店)"

LEVELS = ("same", "core", "part", "other")
SPELT = (1,)  # places of the features whose text is compared; of the others, whether they are equal


def level(name: str, core: str) -> str:
    """Return SQL over the faces `l` and `r`; `core` is the name without its place and form of organisation.

    A branch and what it is a branch of are two.
    """
    a, b = f"l.{core}", f"r.{core}"
    branch = [f"regexp_matches({side}, '{_BRANCH}')" for side in (a, b)]
    return f"""case when l.{name} is null or r.{name} is null then 0
        when l.{name} = r.{name} then 1
        when {a} = {b} then 2
        when {branch[0]} <> {branch[1]} then 4
        when length({a}) >= 3 and length({b}) >= 3 and (contains({a}, {b}) or contains({b}, {a})) then 3
        else 4 end"""
