"""The city as it truly is: residents in households and dwellings, and the enterprises among them."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import enterprises, families, ownership, people, settlement, text
from jiceng_pipeline.simulation.chance import Bools, Ints, Lots, permuted, stream, unique_numbers
from jiceng_pipeline.simulation.dwellings import Dwellings
from jiceng_pipeline.simulation.enterprises import Enterprises
from jiceng_pipeline.simulation.people import People
from jiceng_pipeline.simulation.reference import STREET, Reference
from jiceng_pipeline.simulation.settlement import MIGRANT
from jiceng_pipeline.simulation.text import Text

RESIDENTS = {"community": 2_000, "street": 30_000}
COMMUNITIES = {"community": 3, "street": None}  # none: all the street has
NEIGHBOURS = ("320613003000", "320613004000")  # 任港街道, 新城桥街道: where some who are registered here live
RESIDENTS_PER_ENTERPRISE = 18
HOUSEHOLD_SIZE = 2.55  # as families.KINDS come out


@dataclass(frozen=True, repr=False)
class City:
    """The truth. Rows of `people` have a dwelling lived in, one registered at, and one lived in before."""

    scale: str
    seed: int
    as_of: date
    reference: Reference
    communities: Any  # code, name, township, township_code; the street's own come first
    people: People
    homes: Dwellings
    dwelling: Ints
    registered_at: Ints  # -1: in another county
    previous_dwelling: Ints
    lives_apart: Bools  # from the rest of the household
    situation: Ints  # of the household, see settlement.SITUATIONS
    person_id: Text
    household_id: Text
    household_code: Ints  # one number a household, telling nothing
    enterprises: Enterprises
    enterprise_id: Text
    person_serial: Ints  # numbers that name things for good, rising from row to row, and are never shown
    household_serial: Ints  # of each person's household
    enterprise_serial: Ints
    dwelling_serial: Ints
    day: int = 0  # how many days after the first one this is

    @property
    def today(self) -> np.datetime64:
        """Return the day the city is seen on."""
        return np.datetime64(self.as_of)

    def lots(self, *purpose: str) -> Lots:
        """Return the lots of the people for one purpose, the same every day."""
        return Lots(self.person_serial, self.seed, *purpose)

    @property
    def is_registered(self) -> Bools:
        """Return who is in the street's household register."""
        return self.registered_at >= 0

    @property
    def is_alive(self) -> Bools:
        """Return who is alive."""
        return np.isnat(self.people.death)

    @cached_property
    def age(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return ages in years."""
        return people.years_between(self.people.birth, self.today)

    @cached_property
    def community(self) -> Ints:
        """Return the row of the community each person belongs to: registered in, else living in."""
        place = np.where(self.is_registered, self.registered_at, self.dwelling)
        result: Ints = self.homes.community[place]
        return result

    @cached_property
    def relative(self) -> Ints:
        """Return for each person another of the household, or -1 for those who live alone."""
        household = self.people.household
        order = np.argsort(household, kind="stable")
        ordered = household[order]
        following = np.r_[order[1:], order[:1]]
        first = order[np.searchsorted(ordered, ordered)]
        last = np.r_[ordered[1:] != ordered[:-1], True]
        relative = np.empty(len(household), np.int64)
        relative[order] = np.where(last, first, following)
        return np.where(relative == np.arange(len(household)), -1, relative)

    @cached_property
    def names(self) -> Text:
        """Return everybody's true name."""
        return text.where(self.is_dotted, self.people.dotted_name, self.people.names.written(self.reference))

    @cached_property
    def is_dotted(self) -> Bools:
        """Return who bears a name with a dot in it, as Uyghurs do."""
        return np.asarray(pc.not_equal(self.people.dotted_name, ""))

    @cached_property
    def registered_address(self) -> Text:
        """Return where everybody is registered: in the street, or in another county."""
        door = text.number(self.homes.door[self.dwelling])
        far = text.join(text.pick(self.reference.areas["name"], self.people.area), "城关镇解放路", door, "号")
        return text.where(self.is_registered, text.pick(self.homes.standard(), self.registered_at), far)

    @cached_property
    def owner(self) -> Ints:
        """Return for each dwelling the row of the person who owns it, or -1."""
        return ownership.owners(self)

    @cached_property
    def clerk_phone(self) -> Text:
        """Return for each community the telephone of the clerk people name when they have none."""
        codes = self.communities["code"].cast(pa.int64()).to_numpy() - 320_600_000_000  # of the city
        return text.number(13_900_000_000 + permuted(codes, 100_000_000, self.seed, "clerks"))


def make_city(reference: Reference, *, scale: str, seed: int, as_of: date) -> City:
    """Make the truth: the same scale, seed and day give the same city to the byte."""
    communities, today = _communities(reference, scale), np.datetime64(as_of)
    own = pc.sum(pc.equal(communities["township_code"], STREET)).as_py()
    households = round(RESIDENTS[scale] / HOUSEHOLD_SIZE)
    situation = settlement.situations(households, seed)
    drawn = families.families(households, stream(seed, "families"))
    folk = people.populate(reference, drawn, situation == MIGRANT, today, seed)
    mine, age = folk.household, people.years_between(folk.birth, today)
    young = (age > 18) & (age < 36) & (folk.slot != families.HEAD)
    settled = settlement.settle(reference, communities, own, situation, mine, young, seed)
    firms = _enterprises(reference, settled.homes, folk, age, own, today, seed)
    keys = stream(seed, "keys")
    names = text.hexadecimal(unique_numbers(keys, len(folk) + households + len(firms), 0, 2**62))
    return City(
        scale=scale,
        seed=seed,
        as_of=as_of,
        reference=reference,
        communities=communities,
        people=folk,
        homes=settled.homes,
        dwelling=settled.lived_in,
        registered_at=settled.registered_at,
        previous_dwelling=settled.lived_in_before,
        lives_apart=settled.lives_apart,
        situation=situation[mine],
        person_id=names.slice(0, len(folk)),
        household_id=names.slice(len(folk), households).take(pa.array(mine)),
        household_code=unique_numbers(keys, households, 0, 1_000_000)[mine],
        enterprises=firms,
        enterprise_id=names.slice(len(folk) + households),
        person_serial=np.arange(len(folk)),
        household_serial=mine,
        enterprise_serial=np.arange(len(firms)),
        dwelling_serial=np.arange(len(settled.homes)),
    )


def _communities(reference: Reference, scale: str) -> Any:
    own = reference.communities(STREET).slice(0, COMMUNITIES[scale])
    near = [reference.communities(code).slice(0, 4) for code in NEIGHBOURS]
    towns = dict(zip(*reference.divisions.select(["code", "name"]).to_pydict().values(), strict=True))
    table = pa.concat_tables([own, *near]).combine_chunks()
    codes = pc.binary_join_element_wise(pc.utf8_slice_codeunits(table["code"], 0, 9), "000", "").combine_chunks()
    township = pa.array([towns[code] for code in codes.to_pylist()])
    return table.append_column("township_code", codes).append_column("township", township)


def _enterprises(
    reference: Reference, homes: Dwellings, folk: People, age: Any, own: int, today: np.datetime64, seed: int
) -> Enterprises:
    rng = stream(seed, "enterprise places")
    community = rng.integers(0, own, round(len(folk) / RESIDENTS_PER_ENTERPRISE))
    adults = np.flatnonzero((age > 20) & (age < 70) & np.isnat(folk.death))
    surname = text.pick(reference.surnames["surname"], folk.names.surname)
    return enterprises.found(reference, homes, community, adults, surname, folk.phone, today, seed)
