"""生死: births to couples, deaths by age."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import names, people, text
from jiceng_pipeline.simulation.affairs import NEVER
from jiceng_pipeline.simulation.chance import Bools, Ints, Lots, happens
from jiceng_pipeline.simulation.city import key
from jiceng_pipeline.simulation.families import (
    CHILD,
    CHILD_IN_LAW,
    CHILDREN,
    ELDER,
    GRANDCHILD,
    HEAD,
    OTHER_ELDER,
    SECOND,
    SPOUSE,
    THIRD,
)
from jiceng_pipeline.simulation.life.draft import Draft
from jiceng_pipeline.simulation.life.pace import Pace

COUPLES = ((HEAD, SPOUSE), (CHILD, CHILD_IN_LAW), (ELDER, OTHER_ELDER))
BOYS = 0.52
WIDOWED = "30"
WANTED = {0: 1.0, 1: 0.35, 2: 0.03}  # children there are → how much another is wished for
MORTALITY = ([0, 50, 60, 70, 80, 90, 100], [0.0002, 0.002, 0.006, 0.016, 0.05, 0.14, 0.3])  # a year, by age


def births(draft: Draft, pace: Pace) -> None:
    """Bear children to couples: named, numbered and put into the household as the rules have it."""
    slot, age, living = draft["people.slot"], draft.age, draft.is_living
    mother = living & ~draft["people.male"] & (age > 21) & (age < 43) & draft.is_married()
    children = sum(draft.row_of(each) >= 0 for each in CHILDREN)
    head, spouse, son, wife, grand = (draft.row_of(each) for each in (HEAD, SPOUSE, CHILD, CHILD_IN_LAW, GRANDCHILD))
    of_heads = mother & np.isin(slot, (HEAD, SPOUSE)) & _both(head, spouse, living) & (wife < 0)
    of_sons = mother & np.isin(slot, (CHILD, CHILD_IN_LAW)) & _both(son, wife, living) & (grand < 0)
    wish = np.select([children == number for number in WANTED], list(WANTED.values()), 0.0)
    weight = np.where(of_heads, wish, of_sons * 1.0) * np.interp(age, [21, 27, 32, 43], [0.5, 1, 1, 0.05])
    rows = draft.chosen("births", weight, pace.birth * np.count_nonzero(living))
    if len(rows):
        father = np.where(of_heads[rows], np.where(slot[rows] == HEAD, spouse[rows], head[rows]), son[rows])
        father = np.where(draft["people.male"][father], father, wife[rows])
        _bear(draft, rows, father, np.where(of_heads, np.array(CHILDREN)[np.minimum(children, 2)], GRANDCHILD)[rows])


def _both(one: Ints, other: Ints, living: Bools) -> Bools:
    return (one >= 0) & (other >= 0) & living[one] & living[other]


def _bear(draft: Draft, mother: Ints, father: Ints, slot: Ints) -> None:
    count = len(mother)
    serial = draft["person_serial"][-1] + 1 + np.arange(count)
    lots, seed, reference = Lots(serial, draft.city.seed, "births"), draft.city.seed, draft.city.reference
    male = happens(lots, count, BOYS)
    birth = np.full(count, draft.today)
    area = people.areas(reference, birth, np.zeros(count, np.bool_), draft.shard, lots)
    ids, _ = people.numbered(
        reference, area, birth, male, draft.shard, seed, later=True, given=draft["people.citizen_id"]
    )
    first, last = names.given(
        reference, male, birth.astype("datetime64[Y]").astype(np.int64) + 1970, draft.stream("given")
    )
    registered = np.where(
        draft["registered_at"][father] >= 0, draft["registered_at"][father], draft["registered_at"][mother]
    )
    added = draft.add(
        "person",
        count,
        {
            "people.slot": slot,
            "people.male": male,
            "people.birth": birth,
            "people.death": np.full(count, NEVER),
            "people.names.surname": draft["people.names.surname"][father],
            "people.names.first": first,
            "people.names.last": last,
            "people.dotted_name": "",
            "people.citizen_id": ids,
            "people.area": area,
            "people.marital_status": "10",
            "people.relation": _relations(draft, mother, slot, male),
            "registered_at": registered,
            "previous_dwelling": draft["dwelling"][mother],
            "lives_apart": False,
            "person_id": key(serial, seed, "people"),
            "person_serial": serial,
            "affairs.employer": -1,
            "affairs.arrived": np.full(count, draft.today),
        },
        like=mother,
    )
    draft.note("birth", added, after=ids)
    _renumber_first(draft, added)


def _relations(draft: Draft, mother: Ints, slot: Ints, male: Bools) -> pa.Array:
    """Return 独生 children as 21 and 31, later ones counted within their sex; a son's child is 41 or 42."""
    household, relation = draft["people.household"], draft["people.relation"]
    same = np.array(["2" if each else "3" for each in male])
    brothers = np.zeros(len(mother), np.int64)
    for each in CHILDREN:
        row = draft.row_of(each)[mother]
        heads = np.asarray(pc.utf8_slice_codeunits(text.pick(relation, row), 0, 1).to_numpy(zero_copy_only=False))
        brothers += (row >= 0) & (heads == same)
    only = (slot == CHILD) | (len(household) == 0)
    code = np.char.add(same.astype(str), np.where(only, 1, brothers + 2).astype(str))
    of_son = draft["people.male"][np.maximum(draft.row_of(CHILD)[mother], 0)]
    grand = np.where(of_son, np.where(male, "41", "42"), np.where(male, "43", "44"))
    return pa.array(np.where(slot == GRANDCHILD, grand, code).astype(str), pa.string())


def _renumber_first(draft: Draft, added: Ints) -> None:
    """An only child is the eldest from now on."""
    second = added[np.isin(draft["people.slot"][added], (SECOND, THIRD))]
    eldest = np.unique(draft.row_of(CHILD)[second])
    codes = text.pick(draft["people.relation"], eldest)
    only = eldest[np.asarray(pc.is_in(codes, pa.array(["21", "31"])))]
    if len(only):
        old = text.pick(draft["people.relation"], only)
        new = text.join(pc.utf8_slice_codeunits(old, 0, 1), "2")
        draft.put("people.relation", only, new)
        draft.note("household", only, old, new)


def deaths(draft: Draft, pace: Pace) -> None:
    """Let people die, the old more often; husbands and wives are widowed."""
    living = draft.is_living
    weight = living * np.interp(draft.age, *MORTALITY)
    rows = draft.chosen("deaths", weight, pace.death * np.count_nonzero(living))
    if not len(rows):
        return
    draft.put("people.death", rows, draft.today)
    draft.put("affairs.employer", rows, -1)
    draft.note("death", rows, after=str(draft.today))
    slot = draft["people.slot"][rows]
    for one, other in (*COUPLES, *(pair[::-1] for pair in COUPLES)):
        bereft = draft.row_of(other)[rows[slot == one]]
        bereft = bereft[(bereft >= 0) & living[bereft]]
        bereft = bereft[draft.is_married()[bereft] & np.isnat(draft["people.death"][bereft])]
        old = text.pick(draft["people.marital_status"], bereft)
        draft.put("people.marital_status", bereft, WIDOWED)
        draft.note("marital", bereft, old, WIDOWED)
