"""Residents as they are: families given names, numbers, telephones and the events of their lives."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from jiceng_pipeline.simulation import family_names, identifiers, names, phones, text
from jiceng_pipeline.simulation.chance import Bools, Days, Floats, Ints, Lots, choose, chosen, happens, seed_of, stream
from jiceng_pipeline.simulation.families import HEAD, SPOUSE, Families
from jiceng_pipeline.simulation.identifiers import FAR_AREA, HOME_AREA, NEAR_AREA, Station
from jiceng_pipeline.simulation.names import Names
from jiceng_pipeline.simulation.plan import Shard, issuing
from jiceng_pipeline.simulation.reference import Reference
from jiceng_pipeline.simulation.text import Text

UYGHUR = "05"
ETHNIC_GROUPS = {
    "01": 0.984,
    UYGHUR: 0.002,
    "03": 0.004,
    "15": 0.003,
    "06": 0.002,
    "11": 0.002,
    "08": 0.002,
    "07": 0.001,
}
FIRST_ISSUE = 1984  # the year residents' cards, and so the numbers, were first issued


@dataclass(frozen=True)
class People:
    """One row a person, in no telling order; `household` is a row of the families they were drawn from."""

    household: Ints
    slot: Ints
    male: Bools
    birth: Days
    death: Days
    names: Names
    dotted_name: Text  # of those whose names have a dot; empty for all others
    citizen_id: Text
    area: Ints  # row of the id areas
    ethnic_group: Text
    marital_status: Text
    relation: Text
    phone: Text
    previous_phone: Text

    def __len__(self) -> int:
        """Return how many people there are."""
        return len(self.household)


def years_between(start: Days, end: Days | np.datetime64) -> Floats:
    """Return spans of days as years."""
    result: Floats = (end - start).astype(np.int64) / 365.2425
    return result


def populate(
    reference: Reference, drawn: Families, from_elsewhere: Bools, as_of: np.datetime64, shard: Shard, seed: int
) -> People:
    """Turn families into people; `from_elsewhere` says which households came from other counties."""
    own, present = seed_of(seed, shard.township), drawn.present
    household, slot = np.nonzero(present)
    male, birth = drawn.male[present], drawn.birth(as_of)[present]
    order = stream(own, "order of people").permutation(len(household))
    rows = pa.array(order)
    serial = np.empty(len(order), np.int64)
    serial[order] = shard.first_person + np.arange(len(order))
    named = family_names.name(reference, drawn, household, slot, male, birth, own)
    area = areas(reference, birth, from_elsewhere[household], shard, stream(own, "id areas"))
    ids, birth = numbered(reference, area, birth, male, shard, seed)
    death = _deaths(birth, as_of, stream(own, "deaths"))
    marital = drawn.marital(stream(own, "marital"))[present]
    age = years_between(birth, as_of)
    phone, previous = phones.telephones(household, slot, age, serial, seed, stream(own, "phones"))
    group = choose(stream(own, "ethnic"), list(ETHNIC_GROUPS.values()), len(drawn.kind))
    is_uyghur = group == list(ETHNIC_GROUPS).index(UYGHUR)
    return People(
        household=household[order],
        slot=slot[order],
        male=male[order],
        birth=birth[order],
        death=death[order],
        names=named.take(order),
        dotted_name=names.dotted(is_uyghur[household], male, stream(own, "dotted names")).take(rows),
        citizen_id=ids.take(rows),
        area=area[order],
        ethnic_group=text.pick(list(ETHNIC_GROUPS), group[household][order]),
        marital_status=text.column(_widowed(marital, household, slot, death)[order]),
        relation=text.column(drawn.relation()[present][order]),
        phone=phone.take(rows),
        previous_phone=previous.take(rows),
    )


def numbered(
    reference: Reference,
    area: Ints,
    birth: Days,
    male: Bools,
    shard: Shard,
    seed: int,
    *,
    later: bool = False,
    given: Text | None = None,
) -> tuple[Text, Days]:
    """Return 公民身份号码 of people whose areas (rows of the id areas) are known, and their birth dates.

    A few births move a day back where a day is full. `later` numbers are for who arrives or is born
    after the first day, `given` those of the township that are taken.
    """
    is_near = reference.areas["is_local"].to_numpy() == "true"
    is_home = reference.areas["district"].to_numpy() == issuing(shard.district)
    reach = np.select([is_home, is_near], [HOME_AREA, NEAR_AREA], FAR_AREA)[area]
    code = reference.areas["code"].cast(pa.int64()).to_numpy()[area]
    station = Station(shard.station, shard.stations, shard.office, shard.offices)
    return identifiers.citizen_ids(code, birth, male, reach, station, seed, later=later, given=given)


def areas(reference: Reference, birth: Days, from_elsewhere: Bools, shard: Shard, rng: Generator | Lots) -> Ints:
    """Draw the area a number begins with, as it was called when the number was issued; a row of the id areas.

    Adults got theirs in the first years of the card, everyone later at birth.
    """
    born = birth.astype("datetime64[Y]").astype(np.int64) + 1970
    issued = np.maximum(born, FIRST_ISSUE + rng.integers(0, 4, len(born)))
    local = reference.areas["is_local"].to_numpy() == "true"
    since = reference.areas["from_year"].to_numpy()
    until = reference.areas["until_year"].fill_null(9999).to_numpy()
    is_home = reference.areas["district"].to_numpy() == issuing(shard.district)
    weight = reference.areas["home_weight"].to_numpy() * is_home + reference.areas["weight"].to_numpy() * ~is_home
    far = from_elsewhere | happens(rng, len(born), 0.04)
    area, lot = np.empty(len(born), np.int64), rng.random(len(born))
    for year in np.unique(issued):
        for elsewhere in (False, True):
            usable = (since <= year) & (year <= until) & (local != elsewhere)
            rows = np.flatnonzero((issued == year) & (far == elsewhere))
            area[rows] = chosen(lot[rows], weight * usable)
    return area


def _deaths(birth: Days, as_of: np.datetime64, rng: Generator) -> Days:
    """Return the days on which some have died within the last three years; the old more often."""
    ages, rates = [0, 50, 60, 70, 80, 90, 100], [0.0005, 0.003, 0.01, 0.025, 0.07, 0.2, 0.4]
    day = as_of - rng.integers(1, 3 * 365, len(birth))
    died = happens(rng, len(birth), np.interp(years_between(birth, as_of), ages, rates)) & (day > birth)
    result: Days = np.where(died, day, np.datetime64("NaT"))
    return result


def _widowed(marital: Any, household: Ints, slot: Ints, death: Days) -> Any:
    for mine, partner in ((HEAD, SPOUSE), (SPOUSE, HEAD)):
        other = family_names.row_of(household, slot, partner)
        bereft = (slot == mine) & (other >= 0) & ~np.isnat(death[other])
        marital = np.where(bereft, "30", marital)
    return marital
