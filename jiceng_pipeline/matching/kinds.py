"""The kinds of comparison, by the names that `matching/<entity>.yaml` calls them."""

from jiceng_pipeline.matching.comparisons import (
    birth_date,
    equal,
    identity_number,
    namesakes,
    organisation_name,
    person_name,
    place_taken,
    together,
)
from jiceng_pipeline.matching.model import Matching

KINDS = {
    "person_name": person_name,
    "organisation_name": organisation_name,
    "birth_date": birth_date,
    "identity_number": identity_number,
    "equal": equal,
}
OF_PAIRS = {"namesakes": namesakes, "place_taken": place_taken, "together": together}


def levels(kind: str) -> tuple[str, ...]:
    """Return the names of a kind's levels."""
    found: tuple[str, ...] = (KINDS | OF_PAIRS)[kind].LEVELS
    return found


def spelt(matching: Matching) -> tuple[str, ...]:
    """Return the features whose text is compared; of all others it is only asked whether they are equal."""
    every = (
        feature
        for each in matching.comparisons.values()
        if each.kind in KINDS
        for place, feature in enumerate(each.features)
        if place in KINDS[each.kind].SPELT
    )
    return tuple(dict.fromkeys(every))
