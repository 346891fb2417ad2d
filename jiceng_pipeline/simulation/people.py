"""Residents as they are: families given names, numbers, telephones and the events of their lives."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from jiceng_pipeline.simulation import family_names, identifiers, names, phones, text
from jiceng_pipeline.simulation.chance import Bools, Days, Floats, Ints, choose, happens, stream
from jiceng_pipeline.simulation.families import HEAD, SPOUSE, Families
from jiceng_pipeline.simulation.names import Names
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


def populate(reference: Reference, drawn: Families, from_elsewhere: Bools, as_of: np.datetime64, seed: int) -> People:
    """Turn families into people; `from_elsewhere` says which households came from other counties."""
    present = drawn.present
    household, slot = np.nonzero(present)
    male, birth = drawn.male[present], drawn.birth(as_of)[present]
    named = family_names.name(reference, drawn, household, slot, male, birth, seed)
    area = _areas(reference, birth, from_elsewhere[household], stream(seed, "id areas"))
    code = reference.areas["code"].cast(pa.int64()).to_numpy()[area]
    ids = identifiers.citizen_ids(code, birth, male, stream(seed, "citizen ids"))
    death = _deaths(birth, as_of, stream(seed, "deaths"))
    marital = drawn.marital(stream(seed, "marital"))[present]
    age = years_between(birth, as_of)
    phone, previous = phones.telephones(household, slot, age, stream(seed, "phones"))
    group = choose(stream(seed, "ethnic"), list(ETHNIC_GROUPS.values()), len(drawn.kind))
    is_uyghur = group == list(ETHNIC_GROUPS).index(UYGHUR)
    order = stream(seed, "order of people").permutation(len(household))
    rows = pa.array(order)
    return People(
        household=household[order],
        slot=slot[order],
        male=male[order],
        birth=birth[order],
        death=death[order],
        names=named.take(order),
        dotted_name=names.dotted(is_uyghur[household], male, stream(seed, "dotted names")).take(rows),
        citizen_id=ids.take(rows),
        area=area[order],
        ethnic_group=text.pick(list(ETHNIC_GROUPS), group[household][order]),
        marital_status=text.column(_widowed(marital, household, slot, death)[order]),
        relation=text.column(drawn.relation()[present][order]),
        phone=phone.take(rows),
        previous_phone=previous.take(rows),
    )


def _areas(reference: Reference, birth: Days, from_elsewhere: Bools, rng: Generator) -> Ints:
    """Draw the area a number begins with, as it was called when the number was issued.

    Adults got theirs in the first years of the card, everyone later at birth.
    """
    born = birth.astype("datetime64[Y]").astype(np.int64) + 1970
    issued = np.maximum(born, FIRST_ISSUE + rng.integers(0, 4, len(born)))
    local = reference.areas["is_local"].to_numpy() == "true"
    since = reference.areas["from_year"].to_numpy()
    until = reference.areas["until_year"].fill_null(9999).to_numpy()
    weight = reference.areas["weight"].to_numpy()
    far = from_elsewhere | happens(rng, len(born), 0.04)
    area = np.empty(len(born), np.int64)
    for year in np.unique(issued):
        for elsewhere in (False, True):
            usable = (since <= year) & (year <= until) & (local != elsewhere)
            rows = np.flatnonzero((issued == year) & (far == elsewhere))
            area[rows] = choose(rng, weight * usable, len(rows))
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
