"""婚姻: who marries moves in with the other; who divorces moves out."""

import numpy as np

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools, Ints, permuted
from jiceng_pipeline.simulation.city import HOUSEHOLD_CODES, key
from jiceng_pipeline.simulation.families import CHILD, CHILD_IN_LAW, CHILDREN, HEAD, SPOUSE
from jiceng_pipeline.simulation.life.draft import Draft
from jiceng_pipeline.simulation.life.moving import resettle
from jiceng_pipeline.simulation.life.pace import Pace

SINGLE, MARRIED, AGAIN, DIVORCED = "10", "20", "22", "40"
REGISTERS = 0.5  # of the newly wed who move in: their registration, too


def marriages(draft: Draft, pace: Pace) -> None:
    """Wed single men and women; she moves in with him, or with him and his parents."""
    living = draft.is_living
    grooms, brides = _grooms(draft, living), _brides(draft, living)
    groom = draft.chosen("weddings", grooms, pace.marriage * np.count_nonzero(living))
    bride = draft.stream("weddings").permutation(np.flatnonzero(brides))[: len(groom)]
    groom = groom[: len(bride)]
    apart = draft["people.household"][groom] != draft["people.household"][bride]
    groom, bride = groom[apart], bride[apart]
    if not len(groom):
        return
    old = draft.community_codes(draft["dwelling"][bride])
    for path in ("people.household", "household_serial", "household_code", "household_id", "dwelling"):
        values = draft[path]
        if path == "dwelling":
            draft.put("previous_dwelling", bride, values[bride])
        draft.put(path, bride, text.column(values).take(groom) if path == "household_id" else values[groom])
    is_head = draft["people.slot"][groom] == HEAD
    draft.put("people.slot", bride, np.where(is_head, SPOUSE, CHILD_IN_LAW))
    draft.put("people.relation", bride, text.where(is_head, "12", "38"))
    draft.put("lives_apart", bride, False)
    for rows in (groom, bride):
        before = text.pick(draft["people.marital_status"], rows)
        first = np.asarray([each == SINGLE for each in before.to_pylist()])
        after = text.where(first, MARRIED, AGAIN)
        draft.put("people.marital_status", rows, after)
        draft.note("marital", rows, before, after)
    draft.note("move", bride, old, draft.community_codes(draft["dwelling"][bride]))
    registers = draft.lots("registering").random(len(draft))[bride] < REGISTERS
    to = draft["registered_at"][groom]
    joins = bride[registers & (to >= 0)]
    draft.put("registered_at", joins, to[registers & (to >= 0)])
    draft.note("registration", joins, after=draft.community_codes(draft["dwelling"][joins]))
    resettle(draft, bride)


def _grooms(draft: Draft, living: Bools) -> Bools:
    """Return the men with room for a wife: heads without a spouse, and the first sons of a house."""
    slot, age = draft["people.slot"], draft.age
    free = living & draft["people.male"] & (age > 22) & (age < 50) & draft.is_married((SINGLE, DIVORCED))
    alone = (slot == HEAD) & (draft.row_of(SPOUSE) < 0)
    son = (slot == CHILD) & (draft.row_of(CHILD_IN_LAW) < 0)
    result: Bools = free & ~draft["lives_apart"] & (alone | son)
    return result


def _brides(draft: Draft, living: Bools) -> Bools:
    """Return the women who can move: grown daughters, and who lives alone."""
    household, age = draft["people.household"], draft.age
    free = living & ~draft["people.male"] & (age > 20) & (age < 46) & draft.is_married((SINGLE, DIVORCED))
    alone = np.bincount(household)[household] == 1
    moves: Bools = free & (draft.is_in(tuple(CHILDREN)) & (draft.row_of(CHILD_IN_LAW) < 0) | draft.is_in(HEAD) & alone)
    return moves


def divorces(draft: Draft, pace: Pace) -> None:
    """Divorce couples: the spouse moves to a free dwelling, into a household of one."""
    living = draft.is_living
    spouse = draft.row_of(SPOUSE)
    couple = (
        living & draft.is_in(HEAD) & (spouse >= 0) & draft.is_married() & living[spouse] & draft.is_married()[spouse]
    )
    weight = couple * np.interp(draft.age, [22, 30, 45, 65, 80], [0.5, 1, 1, 0.1, 0])
    rows = draft.chosen("divorces", weight, pace.divorce * np.count_nonzero(living))
    free = np.flatnonzero(draft.free_dwellings())
    rows = rows[: len(free)]
    if not len(rows):
        return
    leaver, home = spouse[rows], draft.stream("divorces").choice(free, len(rows), replace=False)
    for one in (rows, leaver):
        before = text.pick(draft["people.marital_status"], one)
        draft.put("people.marital_status", one, DIVORCED)
        draft.note("marital", one, before, DIVORCED)
    _move_out(draft, leaver, home)


def _move_out(draft: Draft, rows: Ints, home: Ints) -> None:
    count, seed = len(rows), draft.city.seed
    serial = int(draft["household_serial"].max()) + 1 + np.arange(count)
    old = draft["dwelling"][rows]
    for path, values in {
        "people.household": int(draft["people.household"].max()) + 1 + np.arange(count),
        "people.slot": HEAD,
        "people.relation": "02",
        "household_serial": serial,
        "household_code": permuted(serial, HOUSEHOLD_CODES, seed, "household codes"),
        "household_id": key(serial, seed, "households"),
        "previous_dwelling": old,
        "dwelling": home,
    }.items():
        draft.put(path, rows, values)
    draft.note("household", rows, after="02")
    draft.note("move", rows, draft.community_codes(old), draft.community_codes(home))
    resettle(draft, rows)
