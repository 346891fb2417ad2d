"""搬迁: households that move within the township and next to it, whose registration follows, who leave."""

import numpy as np

from jiceng_pipeline.simulation import portion
from jiceng_pipeline.simulation.chance import Bools, Ints, happens
from jiceng_pipeline.simulation.families import HEAD
from jiceng_pipeline.simulation.life.draft import Draft
from jiceng_pipeline.simulation.life.pace import Pace
from jiceng_pipeline.simulation.settlement import AWAY, LOCAL, MIGRANT, MOVED

AT_ONCE = 0.35  # of the households that move and may: their registration comes with them
BUYS = 0.5  # of the households that move and are registered here: the dwelling they move to
RESTLESS = 8.0  # how much more often who came from elsewhere leaves again


def moves(draft: Draft, pace: Pace) -> None:
    """Move whole households to free dwellings; some buy them, some take their registration along."""
    heads = _heads(draft)
    rows = draft.chosen("moves", heads, pace.move * np.count_nonzero(heads))
    free = np.flatnonzero(draft.free_dwellings())
    rows = rows[: len(free)]
    if not len(rows):
        return
    target = draft.stream("moves").choice(free, len(rows), replace=False)
    movers, home = _together(draft, rows, target)
    old = draft["dwelling"][movers]
    draft.put("previous_dwelling", movers, old)
    draft.put("dwelling", movers, home)
    draft.note("move", movers, draft.community_codes(old), draft.community_codes(home))
    may = (draft["situation"][rows] != MIGRANT) & draft.is_own(target)
    lots = draft.lots("moving").random(len(draft))[rows]
    follows, local = _together(draft, rows[may & (lots < AT_ONCE)], target[may & (lots < AT_ONCE)])
    _register(draft, follows, local)
    resettle(draft, movers)
    buys = (draft["situation"][rows] != MIGRANT) & happens(draft.lots("buying"), len(draft), BUYS)[rows]
    sell(draft, target[buys], rows[buys])


def registrations(draft: Draft, pace: Pace) -> None:
    """Register households where they have lived for a while."""
    heads = _heads(draft) & (draft["situation"] == MOVED)
    rows = draft.chosen("registrations", heads, pace.registration * np.count_nonzero(heads))
    movers, home = _together(draft, rows, draft["dwelling"][rows])
    _register(draft, movers, home)
    resettle(draft, movers)


def departures(draft: Draft, pace: Pace) -> None:
    """Let households leave the city; what they owned is sold."""
    heads = _heads(draft)
    weight = heads * np.where(draft["situation"] == MIGRANT, RESTLESS, 1.0)
    rows = draft.chosen("departures", weight, pace.departure * np.count_nonzero(heads))
    if not len(rows):
        return
    household = draft["people.household"]
    leavers = np.flatnonzero(np.isin(household, household[rows]) & draft.is_living)
    draft.put("affairs.left", leavers, draft.today)
    draft.put("affairs.employer", leavers, -1)
    draft.put("affairs.on_allowance", leavers, False)
    draft.note("departure", leavers, draft.community_codes(draft["dwelling"][leavers]))
    given_up = np.flatnonzero(np.isin(draft["affairs.owner"], leavers))
    sell(draft, given_up, buyers(draft, len(given_up), "departures"))


def buyers(draft: Draft, count: int, purpose: str) -> Ints:
    """Draw who buys dwellings that are sold: heads of settled households."""
    wealthy = np.flatnonzero(_heads(draft) & (draft["situation"] == LOCAL) & (draft.age > 30))
    if not len(wealthy):
        return portion.NOBODY
    result: Ints = draft.stream("buyers", purpose).choice(wealthy, count)
    return result


def sell(draft: Draft, dwellings: Ints, to: Ints) -> None:
    """Hand dwellings over to other owners; seller and buyer stand in the register on the same day."""
    dwellings = dwellings[: len(to)]
    seller = draft["affairs.owner"][dwellings]
    changes = seller != to
    dwellings, seller, to = dwellings[changes], seller[changes], to[changes]
    draft.put("affairs.owner", dwellings, to)
    draft.put("affairs.sales", dwellings, draft["affairs.sales"][dwellings] + 1)
    serials = draft["dwelling_serial"][dwellings]
    for kind, whose in (("sale", seller), ("purchase", to)):
        known = whose >= 0
        for mine in (whose[known], _spouses(draft, whose)[known]):
            there = mine >= 0
            draft.note(kind, mine[there], lots=serials[known][there])


def _spouses(draft: Draft, rows: Ints) -> Ints:
    from jiceng_pipeline.simulation.families import SPOUSE

    return draft.row_of(SPOUSE)[rows]


def _heads(draft: Draft) -> Bools:
    result: Bools = draft.is_living & draft.is_in(HEAD) & ~draft["lives_apart"]
    return result


def _together(draft: Draft, heads: Ints, dwelling: Ints) -> tuple[Ints, Ints]:
    """Return the rows of the heads' households, as far as they live together, and the dwelling each is to have."""
    household = draft["people.household"]
    to = np.full(int(household.max()) + 1, -1)
    to[household[heads]] = dwelling
    rows = np.flatnonzero((to[household] >= 0) & draft.is_living & ~draft["lives_apart"])
    return rows, to[household[rows]]


def _register(draft: Draft, rows: Ints, dwelling: Ints) -> None:
    mine = draft["registered_at"][rows] >= 0
    rows, dwelling = rows[mine], dwelling[mine]
    old = draft["registered_at"][rows]
    draft.put("registered_at", rows, dwelling)
    draft.note("registration", rows, draft.community_codes(old), draft.community_codes(dwelling))


def resettle(draft: Draft, rows: Ints) -> None:
    """Say anew how dwelling and registration differ."""
    home, registered = draft["dwelling"][rows], draft["registered_at"][rows]
    situation = np.select([registered < 0, home == registered, draft.is_own(home)], [MIGRANT, LOCAL, MOVED], AWAY)
    draft.put("situation", rows, situation)
