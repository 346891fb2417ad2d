"""户: households of plausible kinds, with the ages, sexes and relations of their members."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from jiceng_pipeline.simulation.chance import Bools, Days, Floats, Ints, Words, choose, happens

HEAD, SPOUSE, CHILD, SECOND, THIRD, CHILD_IN_LAW, GRANDCHILD, ELDER, OTHER_ELDER = SLOTS = range(9)
CHILDREN = [CHILD, SECOND, THIRD]

# kind: share of households, youngest, usual and oldest age of the head, share of male heads
KINDS = {
    "young_single": (0.080, 20, 29, 52, 0.55),
    "old_single": (0.155, 58, 72, 95, 0.35),
    "young_couple": (0.060, 23, 30, 46, 0.80),
    "old_couple": (0.215, 52, 67, 91, 0.86),
    "parents_and_minor": (0.190, 25, 37, 53, 0.82),
    "parents_and_adult": (0.110, 44, 53, 66, 0.84),
    "lone_parent": (0.050, 26, 42, 62, 0.28),
    "with_elders": (0.070, 29, 39, 55, 0.84),
    "with_grandchild": (0.070, 56, 65, 81, 0.85),
}
YOUNG_SINGLE, OLD_SINGLE, YOUNG_COUPLE, OLD_COUPLE, MINOR, ADULT, LONE, ELDERS, GRAND = range(9)

# 与户主关系 (GB/T 4761): the code of a slot's man and woman
RELATIONS = {
    HEAD: ("02", "02"), SPOUSE: ("11", "12"), CHILD: ("20", "30"), SECOND: ("20", "30"), THIRD: ("20", "30"),
    CHILD_IN_LAW: ("28", "38"), GRANDCHILD: ("41", "42"), ELDER: ("51", "52"), OTHER_ELDER: ("51", "52"),
}  # fmt: skip


@dataclass(frozen=True)
class Families:
    """Households as rows and slots as columns; `age` (in years) is not-a-number where a slot is empty."""

    kind: Ints
    age: Floats
    male: Bools
    elders_of_spouse: Bools  # whose parents the elders are

    @property
    def present(self) -> Bools:
        """Return which slots are filled."""
        return ~np.isnan(self.age)

    def birth(self, as_of: np.datetime64) -> Days:
        """Return birth dates; twins share theirs."""
        days = np.floor(np.nan_to_num(self.age) * 365.2425).astype(np.int64)
        result: Days = as_of - days
        return result

    def relation(self) -> Words:
        """Return the relation of each slot to the head."""
        code = np.array([RELATIONS[slot] for slot in SLOTS])
        relation = np.where(self.male, code[:, 0], code[:, 1])
        self._order_children(relation)
        in_law = self.elders_of_spouse
        for slot in (ELDER, OTHER_ELDER):
            of_wife = np.where(self.male[:, slot], "55", "56")
            of_husband = np.where(self.male[:, slot], "53", "54")
            foreign = np.where(self.male[:, HEAD], of_wife, of_husband)
            relation[:, slot] = np.where(in_law, foreign, relation[:, slot])
        mothers_side = ~self.male[:, CHILD]
        daughters = np.where(self.male[:, GRANDCHILD], "43", "44")
        relation[:, GRANDCHILD] = np.where(mothers_side, daughters, relation[:, GRANDCHILD])
        return relation

    def _order_children(self, relation: Words) -> None:
        """独生子女, 长子, 次子, 三子: children are numbered within their sex."""
        present = self.present
        only = present[:, CHILD] & ~present[:, SECOND]
        for sex, digit in ((True, "2"), (False, "3")):
            of_sex = present[:, CHILDREN] & (self.male[:, CHILDREN] == sex)
            number = np.cumsum(of_sex, axis=1) + 1
            for place, slot in enumerate(CHILDREN):
                code = np.char.add(digit, np.where(only, 1, number[:, place]).astype(str))
                relation[:, slot] = np.where(of_sex[:, place], code, relation[:, slot])

    def marital(self, rng: Generator) -> Words:
        """Return 婚姻状况 (GB/T 2261.2): 10 single, 20 and 22 married, 30 widowed, 40 divorced."""
        shape, chance = self.age.shape, rng.random(self.age.shape)
        status = np.full(shape, "10")
        for slot in (HEAD, SPOUSE, CHILD_IN_LAW, ELDER, OTHER_ELDER):
            status[:, slot] = "20"
        status[:, CHILD] = np.where(self.kind == GRAND, "20", "10")
        again = (self.kind != YOUNG_COUPLE) & (chance[:, SPOUSE] < 0.05)
        for slot in (HEAD, SPOUSE):
            status[:, slot] = np.where(again & self.present[:, SPOUSE], "22", status[:, slot])
        alone = self.present[:, ELDER] & ~self.present[:, OTHER_ELDER]
        status[:, ELDER] = np.where(alone, "30", status[:, ELDER])
        lot = chance[:, HEAD]
        single = {
            YOUNG_SINGLE: np.select([lot < 0.78, lot < 0.92], ["10", "40"], "20"),
            OLD_SINGLE: np.select([lot < 0.68, lot < 0.80, lot < 0.88], ["30", "40", "10"], "20"),
            LONE: np.select([lot < 0.66, lot < 0.92], ["40", "30"], "20"),
        }
        for kind, value in single.items():
            status[:, HEAD] = np.where(self.kind == kind, value, status[:, HEAD])
        return status


def families(count: int, rng: Generator, share: Sequence[float] | None = None) -> Families:
    """Draw households: 2.2 to 2.6 members each, ages as in Nantong; `share` says how many there are of each kind."""
    usual_share, young, usual, old, male_share = np.array(list(KINDS.values())).T
    kind = choose(rng, usual_share if share is None else share, count)
    age = np.full((count, len(SLOTS)), np.nan)
    male = np.zeros((count, len(SLOTS)), np.bool_)
    male[:, HEAD] = happens(rng, count, male_share[kind])
    age[:, HEAD] = rng.triangular(young[kind], usual[kind], old[kind])

    paired = np.isin(kind, [YOUNG_COUPLE, OLD_COUPLE, MINOR, ADULT, ELDERS, GRAND])
    older = np.clip(rng.normal(1.8, 2.4, count), -5, 12) * np.where(male[:, HEAD], -1, 1)
    age[:, SPOUSE] = np.where(paired, np.maximum(age[:, HEAD] + older, 20.5), np.nan)
    male[:, SPOUSE] = ~male[:, HEAD]
    mother = np.where(male[:, HEAD] & paired, age[:, SPOUSE], age[:, HEAD])

    _add_children(kind, np.minimum(mother, np.nanmin(age[:, :2], axis=1)), age, male, rng)
    _add_grandchild(kind, age, male, rng)
    in_law = _add_elders(kind, age, male, rng)
    return Families(kind, age, male, in_law)


def _add_children(kind: Ints, youngest: Floats, age: Floats, male: Bools, rng: Generator) -> None:
    """Children are at least twenty years younger than either parent."""
    count = len(kind)
    lot, room = rng.random(count), np.maximum(youngest - 20, 0.1)
    first = np.select(
        [np.isin(kind, [MINOR, ELDERS]), kind == ADULT, kind == LONE, kind == GRAND],
        [
            lot * np.minimum(19, room),
            np.minimum(room, 18 + lot * np.clip(room - 18, 0.5, 14)),
            lot * np.minimum(26, room),
            np.minimum(room, np.maximum(youngest - 21 - 9 * lot, 24)),
        ],
        np.nan,
    )
    age[:, CHILD] = first
    twins = ~np.isnan(first) & (kind != GRAND) & happens(rng, count, 0.02)
    rate = np.select([np.isin(kind, [MINOR, ELDERS]), np.isin(kind, [ADULT, LONE])], [0.27, 0.09], 0.0)
    gap = np.where(twins, 0, rng.uniform(1.6, 7.5, count))
    second = np.where((twins | happens(rng, count, rate)) & (first - gap > 0), first - gap, np.nan)
    age[:, SECOND] = second
    third = np.where(happens(rng, count, 0.04), second - rng.uniform(1.6, 5, count), np.nan)
    age[:, THIRD] = np.where(third > 0, third, np.nan)
    for slot in CHILDREN:
        male[:, slot] = happens(rng, count, 0.52)


def _add_grandchild(kind: Ints, age: Floats, male: Bools, rng: Generator) -> None:
    count = len(kind)
    male[:, CHILD] = np.where(kind == GRAND, happens(rng, count, 0.8), male[:, CHILD])
    partner = np.maximum(age[:, CHILD] + rng.normal(0, 2, count), 22.5)
    age[:, CHILD_IN_LAW] = np.where(kind == GRAND, partner, np.nan)
    male[:, CHILD_IN_LAW] = ~male[:, CHILD]
    room = np.fmin(age[:, CHILD], age[:, CHILD_IN_LAW]) - 20
    grandchild = np.where(kind == GRAND, rng.random(count) * np.minimum(room, 21), np.nan)
    age[:, GRANDCHILD] = np.where(grandchild > 0, grandchild, np.nan)
    male[:, GRANDCHILD] = happens(rng, count, 0.52)


def _add_elders(kind: Ints, age: Floats, male: Bools, rng: Generator) -> Bools:
    """Add one or two parents, of the head or of the spouse; return of whom."""
    count, living = len(kind), kind == ELDERS
    in_law: Bools = living & happens(rng, count, 0.25)
    child = np.where(in_law, age[:, SPOUSE], age[:, HEAD])
    age[:, ELDER] = np.where(living, np.minimum(child + 20.5 + 11 * rng.random(count), 97), np.nan)
    both = living & happens(rng, count, 0.45)
    other = np.clip(age[:, ELDER] + rng.normal(0, 2.2, count), child + 20.2, 98)
    age[:, OTHER_ELDER] = np.where(both, other, np.nan)
    male[:, ELDER] = happens(rng, count, 0.36)
    male[:, OTHER_ELDER] = ~male[:, ELDER]
    return in_law
