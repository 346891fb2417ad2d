"""Names within families: surnames handed down, siblings alike, sons near their fathers, and namesakes."""

import numpy as np
from numpy.random import Generator

from jiceng_pipeline.simulation import names
from jiceng_pipeline.simulation.chance import Bools, Days, Ints, happens, stream
from jiceng_pipeline.simulation.families import (
    CHILD,
    CHILD_IN_LAW,
    CHILDREN,
    ELDER,
    GRANDCHILD,
    HEAD,
    OTHER_ELDER,
    SLOTS,
    SPOUSE,
    Families,
)
from jiceng_pipeline.simulation.names import Names
from jiceng_pipeline.simulation.reference import Reference

NAMESAKE_PAIRS_PER_PERSON = 1 / 5000


def name(
    reference: Reference, drawn: Families, household: Ints, slot: Ints, male: Bools, birth: Days, seed: int
) -> Names:
    """Name the members of all families; changes `birth` of the few who get a stranger's name and birthday."""
    surname = _surnames(reference, drawn, stream(seed, "surnames"))[household, slot]
    year = birth.astype("datetime64[Y]").astype(np.int64) + 1970
    named = Names(surname, *names.given(reference, male, year, stream(seed, "given names")))
    _siblings_share(named, household, slot, male, stream(seed, "siblings"))
    _sons_resemble(reference, named, household, slot, male, stream(seed, "sons"))
    _plant_namesakes(named, birth, male, household, stream(seed, "namesakes"))
    return named


def row_of(household: Ints, slot: Ints, wanted: int) -> Ints:
    """Return, for each person, the row of the household's member in that slot, or -1."""
    row = np.full(household.max() + 1, -1)
    there = slot == wanted
    row[household[there]] = np.flatnonzero(there)
    result: Ints = row[household]
    return result


def _surnames(reference: Reference, drawn: Families, rng: Generator) -> Ints:
    """Children bear their father's surname, one in sixteen the mother's; others bring their own."""
    count = len(drawn.kind)
    surname = names.surnames(reference, count * len(SLOTS), rng).reshape(count, len(SLOTS))
    head, spouse = surname[:, HEAD].copy(), surname[:, SPOUSE].copy()
    has_spouse = drawn.present[:, SPOUSE]
    father = np.where(drawn.male[:, HEAD], head, np.where(has_spouse, spouse, surname[:, CHILD]))
    mother = np.where(drawn.male[:, HEAD], spouse, head)
    takes_mothers = happens(rng, count, 1 / 16) & (has_spouse | ~drawn.male[:, HEAD])
    surname[:, CHILDREN] = np.where(takes_mothers, mother, father).reshape(-1, 1)
    surname[:, GRANDCHILD] = np.where(drawn.male[:, CHILD], surname[:, CHILD], surname[:, CHILD_IN_LAW])
    child = np.where(drawn.elders_of_spouse, spouse, head)
    for place in (ELDER, OTHER_ELDER):
        surname[:, place] = np.where(drawn.male[:, place], child, surname[:, place])
    return surname


def _siblings_share(named: Names, household: Ints, slot: Ints, male: Bools, rng: Generator) -> None:
    """Brothers, and sisters, often share the first of their two given characters."""
    for younger in CHILDREN[1:]:
        eldest = row_of(household, slot, CHILD)
        sibling = (slot == younger) & (eldest >= 0)
        alike = sibling & (male[eldest] == male) & (named.first[eldest] >= 0) & happens(rng, len(slot), 0.4)
        named.first[alike] = named.first[eldest[alike]]
    for elder, younger in ((0, 1), (0, 2), (1, 2)):
        other = row_of(household, slot, CHILDREN[elder])
        same = (slot == CHILDREN[younger]) & (named.first[other] == named.first) & (named.last[other] == named.last)
        named.last[same] = rng.permutation(named.last[slot == CHILD])[: same.sum()]


def _sons_resemble(
    reference: Reference, named: Names, household: Ints, slot: Ints, male: Bools, rng: Generator
) -> None:
    """A few sons have nearly their father's name: the last character differs, and sounds the same."""
    head, spouse = row_of(household, slot, HEAD), row_of(household, slot, SPOUSE)
    father = np.where(slot == CHILD, np.where(male[head], head, spouse), -1)
    near = (father >= 0) & male & (named.first[father] >= 0) & happens(rng, len(slot), 0.03)
    sound = names.sounds_like(reference, named.last[father], rng)
    near &= (named.surname == named.surname[father]) & (sound != named.last[father])
    named.first[near], named.last[near] = named.first[father][near], sound[near]


def _plant_namesakes(named: Names, birth: Days, male: Bools, household: Ints, rng: Generator) -> None:
    """Two strangers with one name and one birth date: rare, and sure to exist among millions."""
    pairs = max(2, int(len(birth) * NAMESAKE_PAIRS_PER_PERSON))
    lives_alone = np.bincount(household)[household] == 1
    for sex in (False, True):
        alone = rng.permutation(np.flatnonzero((male == sex) & lives_alone))
        one, other = alone[: len(alone) // 2][:pairs], alone[len(alone) // 2 :][:pairs]
        for values in (named.surname, named.first, named.last, birth):
            values[other[: len(one)]] = values[one[: len(other)]]
