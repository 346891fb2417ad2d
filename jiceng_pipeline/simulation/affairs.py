"""What ties the city's people to dwellings, enterprises and offices, and who came or went while time passed."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from jiceng_pipeline.simulation import ownership
from jiceng_pipeline.simulation.chance import Bools, Days, Ints, Lots, happens
from jiceng_pipeline.simulation.families import HEAD
from jiceng_pipeline.simulation.settlement import AWAY, LOCAL

if TYPE_CHECKING:
    from jiceng_pipeline.simulation.city import City

EMPLOYED = 0.75  # of the adults have an employer, whether an insurer knows or not
ON_ALLOWANCE, ON_ALLOWANCE_AWAY = 0.015, 0.05  # of the households; as many as that of them in the next street
CASES = (0.044, 0.005, 0.001)  # of the grown, who reported one case in the last year, a second, a third
MOST_CASES = 8  # of one person in all
YEAR_SECONDS, DAY_SECONDS = 365 * 86_400, 86_400
NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Affairs:
    """`owner` and `sales` have a row a dwelling, the `case_` columns one a case reported, all others one a person."""

    owner: Ints  # row of the person, -1: the developer
    sales: Ints  # how often it was sold since the first day
    employer: Ints  # row of the enterprise, -1: none
    on_allowance: Bools
    allowance_since: Days  # not a time: since before the first day
    arrived: Days  # not a time: was here on the first day
    left: Days  # not a time: is here
    case_person: Ints  # row of the person
    case_serial: Ints
    case_opened: Days  # to the second
    case_closed: Days  # likewise; to come, where it is still open


def begun(city: "City") -> "City":
    """Return the city of the first day with its affairs."""
    count = len(city.people)
    person, serial, opened = _cases(city)
    closed = closing(city, serial, opened)
    return replace(
        city,
        affairs=Affairs(
            owner=ownership.owners(city),
            sales=np.zeros(len(city.homes), np.int64),
            employer=_employers(city),
            on_allowance=_on_allowance(city),
            allowance_since=np.full(count, NEVER),
            arrived=np.full(count, NEVER),
            left=np.full(count, NEVER),
            case_person=person,
            case_serial=serial,
            case_opened=opened,
            case_closed=closed,
        ),
    )


def _employers(city: "City") -> Ints:
    """Draw where the grown work: at enterprises that are open."""
    is_open = np.flatnonzero(np.asarray(pc.equal(city.enterprises.status, "1")))
    count, lots = len(city.people), city.lots("employers")
    works = (city.age > 18) & city.is_alive & happens(lots, count, EMPLOYED)
    if not len(is_open):
        return np.full(count, -1)
    return np.where(works, is_open[lots.integers(0, len(is_open), count)], -1)


def _on_allowance(city: "City") -> Bools:
    """Draw poor households, among them at least two of a neighbouring street; return their living members."""
    household = city.people.household
    lot = Lots(city.household_serial, city.seed, "on allowance").random(len(household))
    is_head = city.people.slot == HEAD
    townships = city.communities["township_code"].to_numpy()
    lived_in = townships[city.homes.community[city.dwelling]]
    near = lived_in == next(iter(townships[townships != townships[0]]), "")
    poor = np.zeros(household.max() + 1, np.bool_)
    wanted = max(12, round(len(poor) * ON_ALLOWANCE))
    groups = (
        (city.situation == LOCAL, wanted),
        ((city.situation == AWAY) & near, max(2, round(wanted * ON_ALLOWANCE_AWAY))),
    )
    for mask, count in groups:
        heads = np.flatnonzero(is_head & mask & city.is_alive & ~city.lives_apart)
        poor[household[heads[np.argsort(lot[heads], kind="stable")[:count]]]] = True
    return poor[household] & city.is_alive & ~city.lives_apart


def closing(city: "City", serial: Ints, opened: Days) -> Days:
    """Draw when cases are closed: an hour to twelve days after they were opened."""
    lots = Lots(serial, city.seed, "cases", "closed")
    result: Days = opened + lots.integers(DAY_SECONDS // 24, 12 * DAY_SECONDS, len(serial))
    return result


def _cases(city: "City") -> tuple[Ints, Ints, Days]:
    """Draw the cases of the last year: who reported them, their numbers, and when they were opened."""
    count = len(city.people)
    lot = np.where((city.age > 18) & city.is_alive, city.lots("cases").random(count), 1.0)
    person = np.repeat(np.arange(count), np.searchsorted(-np.array(CASES), -lot, side="right"))
    starts = np.searchsorted(person, person)
    serial = city.person_serial[person] * MOST_CASES + np.arange(len(person)) - starts
    ago = Lots(serial, city.seed, "cases", "opened").integers(DAY_SECONDS, YEAR_SECONDS, len(serial))
    return person, serial, city.today.astype("datetime64[s]") - ago
