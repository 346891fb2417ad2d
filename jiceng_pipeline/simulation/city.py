"""The city as it truly is: residents in households and dwellings, and the enterprises among them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import (
    affairs,
    documents,
    enterprises,
    families,
    mergers,
    people,
    plan,
    settlement,
    text,
)
from jiceng_pipeline.simulation.affairs import Affairs
from jiceng_pipeline.simulation.chance import Bools, Ints, Lots, permuted, seed_of, stream
from jiceng_pipeline.simulation.documents import Documents
from jiceng_pipeline.simulation.dwellings import Dwellings
from jiceng_pipeline.simulation.enterprises import Enterprises
from jiceng_pipeline.simulation.names import Names
from jiceng_pipeline.simulation.people import People
from jiceng_pipeline.simulation.plan import RESIDENTS_PER_ENTERPRISE, Shard
from jiceng_pipeline.simulation.reference import Reference
from jiceng_pipeline.simulation.settlement import MIGRANT
from jiceng_pipeline.simulation.text import Text

KEYS = 2**62  # people, households and enterprises are named by numbers below
HOUSEHOLD_CODES = 10**8
CLERKS = 13_400_000_000  # a head nobody else's mobile has
PARTS: Mapping[str, type] = MappingProxyType(
    {
        "shard": Shard,
        "people": People,
        "people.names": Names,
        "homes": Dwellings,
        "enterprises": Enterprises,
        "affairs": Affairs,
    }
)


@dataclass(frozen=True, repr=False)
class City:
    """The truth of one shard. Rows of `people` have a dwelling lived in, one registered at, one lived in before."""

    shard: Shard
    scale: str
    seed: int
    as_of: date
    reference: Reference
    communities: Any  # code, name as staff write it, township, township_code; the shard's own first
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
    affairs: Affairs | None = None  # none only while the city is being made

    @property
    def today(self) -> np.datetime64:
        """Return the day the city is seen on."""
        return np.datetime64(self.as_of)

    @property
    def start(self) -> np.datetime64:
        """Return the first day of the city."""
        return self.today - self.day

    def lots(self, *purpose: str) -> Lots:
        """Return the lots of the people for one purpose, the same every day."""
        return Lots(self.person_serial, self.seed, *purpose)

    @property
    def is_registered(self) -> Bools:
        """Return who is in the township's household register."""
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
        own = text.where(self.is_dotted, self.people.dotted_name, self.people.names.written(self.reference))
        return self.documents.over(own, self.documents.names)

    @cached_property
    def documents(self) -> Documents:
        """Return who has another document than a citizen's card."""
        return documents.held(self)

    @cached_property
    def identity_number(self) -> Text:
        """Return the number in everybody's document, which for most is the 公民身份号码."""
        return self.documents.over(self.people.citizen_id, self.documents.numbers)

    @cached_property
    def is_dotted(self) -> Bools:
        """Return who bears a name with a dot in it, as Uyghurs do."""
        return np.asarray(pc.not_equal(self.people.dotted_name, "")) & ~self.documents.is_held

    @cached_property
    def registered_address(self) -> Text:
        """Return where everybody is registered: in the township, or in another county."""
        door = text.number(self.homes.door[self.dwelling])
        far = text.join(text.pick(self.reference.areas["name"], self.people.area), "城关镇解放路", door, "号")
        far = text.where(self.documents.is_held, self.documents.homes(), far)
        return text.where(self.is_registered, text.pick(self.homes.standard(), self.registered_at), far)

    @property
    def settled(self) -> Affairs:
        """Return who owns what, works where and is looked after by whom."""
        assert self.affairs is not None
        return self.affairs

    @property
    def is_here(self) -> Bools:
        """Return who has not left the city, the dead included."""
        return np.isnat(self.settled.left)

    @property
    def owner(self) -> Ints:
        """Return for each dwelling the row of the person who owns it, or -1."""
        return self.settled.owner

    @cached_property
    def clerk_phone(self) -> Text:
        """Return for each community the telephone of the clerk people name when they have none."""
        codes = self.communities["code"].cast(pa.int64()).to_numpy() - 320_600_000_000  # of the city
        return text.number(CLERKS + permuted(codes, 100_000_000, self.seed, "clerks"))


def make_city(reference: Reference, *, scale: str, seed: int, as_of: date, shard: Shard | None = None) -> City:
    """Make the truth of one shard, of the scale's first unless told otherwise.

    The same scale, seed, day and shard give the same city to the byte.
    """
    shard = shard or plan.plan(reference, scale)[0]
    own, today = seed_of(seed, shard.township), np.datetime64(as_of)
    communities = _communities(reference, shard)
    situation = settlement.situations(shard.households, own)
    drawn = families.families(shard.households, stream(own, "families"), _kinds(reference, shard))
    folk = people.populate(reference, drawn, situation == MIGRANT, today, shard, seed)
    mine, age = folk.household, people.years_between(folk.birth, today)
    young = (age > 18) & (age < 36) & (folk.slot != families.HEAD)
    settled = settlement.settle(reference, communities, situation, mine, young, shard, own)
    firms = _enterprises(reference, communities, settled.homes, folk, age, today, shard, seed)
    person, household = shard.first_person + np.arange(len(folk)), shard.first_household + mine
    enterprise = shard.first_enterprise + np.arange(len(firms))
    city = City(
        shard=shard,
        scale=scale,
        seed=seed,
        as_of=as_of,
        reference=reference,
        communities=_as_written(communities, shard),
        people=folk,
        homes=settled.homes,
        dwelling=settled.lived_in,
        registered_at=settled.registered_at,
        previous_dwelling=settled.lived_in_before,
        lives_apart=settled.lives_apart,
        situation=situation[mine],
        person_id=key(person, seed, "people"),
        household_id=key(household, seed, "households"),
        household_code=permuted(household, HOUSEHOLD_CODES, seed, "household codes"),
        enterprises=firms,
        enterprise_id=key(enterprise, seed, "enterprises"),
        person_serial=person,
        household_serial=household,
        enterprise_serial=enterprise,
        dwelling_serial=shard.first_dwelling + np.arange(len(settled.homes)),
    )
    return mergers.merged(affairs.begun(city), lambda day: day <= as_of)


def key(serial: Ints, seed: int, kind: str) -> Text:
    """Return the keys of people, households or enterprises: another for each serial number, telling nothing."""
    return text.hexadecimal(permuted(serial, KEYS, seed, "keys", kind))


def _communities(reference: Reference, shard: Shard) -> Any:
    own = reference.children(shard.township).slice(0, shard.communities or None)
    near = [reference.children(code).slice(0, 4) for code in plan.neighbours(reference, shard.township)]
    table = pa.concat_tables([own, *near]).combine_chunks()
    codes = pc.binary_join_element_wise(pc.utf8_slice_codeunits(table["code"], 0, 9), "000", "").combine_chunks()
    township = text.translate(codes, lambda code: plan.called(reference, code))
    return table.append_column("township_code", codes).append_column("township", township)


def _as_written(communities: Any, shard: Shard) -> Any:
    """Return the communities as staff write them: with the township in front where the city has several."""
    if shard.offices == 1:
        return communities
    name = text.join(communities["township"], communities["name"])
    return communities.set_column(communities.column_names.index("name"), "name", name)


def _kinds(reference: Reference, shard: Shard) -> list[float]:
    told = reference.district(shard.district)
    return [told[kind] for kind in families.KINDS]


def _enterprises(
    reference: Reference,
    communities: Any,
    homes: Dwellings,
    folk: People,
    age: Any,
    today: np.datetime64,
    shard: Shard,
    seed: int,
) -> Enterprises:
    rng = stream(seed_of(seed, shard.township), "enterprise places")
    own = np.count_nonzero(communities["township_code"].to_numpy() == shard.township)
    community = rng.integers(0, own, round(len(folk) / RESIDENTS_PER_ENTERPRISE))
    adults = np.flatnonzero((age > 20) & (age < 70) & np.isnat(folk.death))
    surname = text.pick(reference.surnames["surname"], folk.names.surname)
    return enterprises.found(reference, homes, community, adults, surname, folk.phone, today, shard, seed)
