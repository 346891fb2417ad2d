"""What goes together in a household (telephone, door, family, community): one pattern, never counted twice.

A father's telephone, address and family are his child's too, so their agreement is one piece of
evidence. Before anything is learned the strongest part counts in full, each further part by `more`.
"""

from collections.abc import Mapping, Sequence

PARTS = ("phone", "address", "door", "family", "community")
LEVELS = (*PARTS, "more", "phone_differs", "address_differs")


def level(agreeing: str, left: str, right: str, values: Sequence[str]) -> str:
    """Return SQL for the pattern: a bit for each part that agrees, then one for each that is there and does not.

    The arguments are SQL of bit masks: the kinds of values that agree, that the left and the right have.
    """
    bits = {name: f"(1 << {place})" for place, name in enumerate(values)}

    def agrees(part: str) -> str:
        return f"({agreeing} & {bits[part]} <> 0)" if part in bits else "false"

    def differs(part: str) -> str:
        return f"({left} & {right} & ~{agreeing} & {bits[part]} <> 0)" if part in bits else "false"

    flags = {
        "phone": agrees("phone"),
        "address": agrees("address"),
        "door": f"{agrees('door')} and not {agrees('address')}",
        "family": agrees("family"),
        "community": f"{agrees('community')} and not {agrees('address')} and not {agrees('door')}",
        "phone_differs": differs("phone"),
        "address_differs": f"{differs('address')} and not {agrees('door')}",
    }
    return " + ".join(f"(case when {sql} then {1 << place} else 0 end)" for place, sql in enumerate(flags.values()))


FLAGS = ("phone", "address", "door", "family", "community", "phone_differs", "address_differs")


# what excludes each other: a part that agrees does not differ, and the nearest of the places is the one that counts
_EXCLUDED = (
    {"phone", "phone_differs"},
    {"address", "address_differs"},
    {"door", "address_differs"},
    {"address", "door"},
    {"address", "community"},
    {"door", "community"},
)


def patterns() -> tuple[int, ...]:
    """Return the patterns that can be."""
    every = range(1 << len(FLAGS))
    return tuple(each for each in every if not any(pair <= set(flags(each)) for pair in _EXCLUDED))


def flags(pattern: int) -> tuple[str, ...]:
    """Return what a pattern says: the parts that agree, and those that differ."""
    return tuple(name for place, name in enumerate(FLAGS) if pattern & (1 << place))


def declared(pattern: int, weights: Mapping[str, float]) -> float:
    """Return the bits of a pattern before anything was learned."""
    found = flags(pattern)
    agreeing = sorted((weights.get(name, 0.0) for name in found if name in PARTS), reverse=True)
    differing = min((weights.get(name, 0.0) for name in found if name not in PARTS), default=0.0)
    strongest = agreeing[0] if agreeing else 0.0
    return strongest + weights["more"] * sum(agreeing[1:]) + (differing if strongest <= weights["community"] else 0.0)
