"""Which townships a city is made of, how many live in each, and the numbers each may give out.

A township is a shard: it is made by itself, in any order, and shares no number with another.
"""

from dataclasses import dataclass

import numpy as np

from jiceng_pipeline.simulation.chance import Floats, stream
from jiceng_pipeline.simulation.reference import STREET, Reference

SCALES = ("community", "street", "district", "city")
RESIDENTS = {"community": 2_000, "street": 30_000}  # of the scales that are a part of one township
COMMUNITIES = {"community": 3, "street": 0}  # 0: all the township has
RESIDENTS_PER_ENTERPRISE = 18
DISTRICT = "320613"  # 崇川区
URBAN = 2.2  # residents of an urban community (居委会) for each of a village (村委会)
ROOM = 1.3  # numbers for each resident of the first day; the others are for who comes later
DWELLINGS = 2.0  # numbers for each household: homes lived in, registered at, empty, and still to be built


@dataclass(frozen=True)
class Shard:
    """A township (or some of its communities) and the first of the numbers its people and things bear.

    `station` of `stations` is its place among the townships of the plan that give out numbers of the
    same areas, `office` of `offices` its place among all.
    """

    township: str  # code of twelve digits
    name: str  # as people call it: 虹桥街道
    district: str  # code of six digits
    district_name: str  # 崇川区
    communities: int  # how many of its communities, the first ones; 0: all
    residents: int
    households: int
    first_person: int
    first_household: int
    first_enterprise: int
    first_dwelling: int
    station: int
    stations: int
    office: int
    offices: int


@dataclass(frozen=True)
class Share:
    """How many residents a township is to have."""

    township: str
    residents: int
    communities: int = 0


def plan(reference: Reference, scale: str) -> tuple[Shard, ...]:
    """Return the shards of a scale: one for a community or a street, all townships of a district or of the city."""
    if scale in RESIDENTS:
        return laid_out(reference, [Share(STREET, RESIDENTS[scale], COMMUNITIES[scale])])
    districts = reference.districts["code"].to_pylist() if scale == "city" else [DISTRICT]
    return laid_out(reference, [share for district in districts for share in _shares(reference, district)])


def laid_out(reference: Reference, shares: list[Share]) -> tuple[Shard, ...]:
    """Return shards for townships with so many residents, each with numbers of its own."""
    homes = [issuing(share.township) for share in shares]
    made: list[Shard] = []
    person = household = enterprise = dwelling = 0
    for office, share in enumerate(shares):
        district = reference.district(share.township[:6])
        households = round(share.residents / district["household_size"])
        made.append(
            Shard(
                township=share.township,
                name=called(reference, share.township),
                district=share.township[:6],
                district_name=district["name"],
                communities=share.communities,
                residents=share.residents,
                households=households,
                first_person=person,
                first_household=household,
                first_enterprise=enterprise,
                first_dwelling=dwelling,
                station=homes[:office].count(homes[office]),
                stations=homes.count(homes[office]),
                office=office,
                offices=len(shares),
            )
        )
        person += round(share.residents * ROOM) + 100
        household += round(households * ROOM) + 100
        enterprise += round(share.residents / RESIDENTS_PER_ENTERPRISE * ROOM) + 100
        dwelling += round(households * DWELLINGS) + 2_000
    return tuple(made)


def neighbours(reference: Reference, township: str) -> tuple[str, str]:
    """Return the townships where some who are registered in this one live: the two before it in its district."""
    around = reference.townships(township[:6])
    place = around.index(township)
    return around[place - 2], around[place - 1]


def called(reference: Reference, township: str) -> str:
    """Return a township's name as people write it, no two alike: 三星镇, 海门经济技术开发区, 如东经济开发区."""
    name, county = reference.names[township], reference.names[f"{township[:6]}000000"]
    name = name.partition("（")[0].removeprefix("南通市")
    return county[:-1] + name.removeprefix(county) if name.startswith(county) else name


def issuing(township: str) -> str:
    """Return the district whose areas a township's people were born in; the development zone has none."""
    return DISTRICT if township[:6] == "320671" else township[:6]


def _shares(reference: Reference, district: str) -> list[Share]:
    """Spread a district's residents over its townships by their communities, unevenly."""
    townships = reference.townships(district)
    weight = np.array([_weight(reference, township) for township in townships])
    edges = np.round(np.r_[0, np.cumsum(weight)] / weight.sum() * reference.district(district)["residents"])
    return [Share(township, int(count)) for township, count in zip(townships, np.diff(edges), strict=True)]


def _weight(reference: Reference, township: str) -> float:
    names = reference.children(township)["name"].to_pylist()
    communities: Floats = np.array([1.0 if is_village(name) else URBAN for name in names])
    return float(communities.sum() * stream(0, "size", township).uniform(0.8, 1.25))


def is_village(community: str) -> bool:
    """Return whether a community is a village, whose houses stand in groups and not on roads."""
    return community.partition("（")[0].endswith(("村委会", "村民委员会", "村"))
