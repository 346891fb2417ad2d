"""标准地址: dwellings in the blocks of estates and in old lanes, and the ways people write them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.random import Generator

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools, Ints, choose, happens, rank_within, stream
from jiceng_pipeline.simulation.plan import Shard, is_village
from jiceng_pipeline.simulation.reference import Reference
from jiceng_pipeline.simulation.text import Text

ESTATES = 5  # a community
FLOORS, ROOMS = 6, 2
IN_LANE = 0.12
SPARE = 1.25  # dwellings built for each one lived in

HEADS = ("江苏省南通市{}", "南通市{}", "{}", "")  # of a district; a county or a city of its own:
COUNTY_HEADS = ("江苏省{}", "南通市{}", "{}", "")
GROUP = 40  # houses of a village group (村民小组)
SHARERS = 3  # townships that build in one: its own, and two whose people live there; every door is one's own
BLOCKS = ("幢", "号楼", "栋")


@dataclass(frozen=True)
class Dwellings:
    """One row a dwelling: community (row of the city's communities), road, door, estate, block, unit, room.

    `estate` is empty and `block` is 0 for a house in a lane or a village; in a village, `road` is its
    name and `unit` the group.
    """

    community: Ints
    township: Text
    road: Text
    door: Ints
    estate: Text
    block: Ints
    unit: Ints
    room: Ints
    district: str  # 崇川区

    def __len__(self) -> int:
        """Return how many dwellings there are."""
        return len(self.community)

    def standard(self) -> Text:
        """Return the standard address of every dwelling."""
        blank = np.zeros(len(self), np.int64)
        return self.written(np.arange(len(self)), blank, blank, np.ones(len(self), bool), blank == 0)

    def written(self, index: Ints, head: Ints, block: Ints, room_word: Bools, township: Bools) -> Text:
        """Write addresses in a habit: which head, which word for a block, 室 or not, township or not."""
        towns = text.where(township, text.pick(self.township, index), "")
        is_house = self.block[index] == 0
        group = text.where(is_house & (self.unit[index] > 0), text.join(text.number(self.unit[index]), "组"), "")
        doors = text.join(text.pick(self.road, index), group, text.number(self.door[index]), "号")
        flats = text.join(
            text.pick(self.estate, index),
            text.number(self.block[index]),
            text.pick(BLOCKS, block),
            text.number(self.unit[index]),
            "单元",
            text.number(self.room[index]),
            text.where(room_word, "室", ""),
        )
        return text.join(text.pick(heads(self.district), head), towns, doors, text.where(is_house, "", flats))


def heads(district: str) -> tuple[str, ...]:
    """Return how addresses of a district begin: 江苏省南通市崇川区 or 江苏省如东县, and shorter."""
    return tuple(head.format(district) for head in (HEADS if district.endswith("区") else COUNTY_HEADS))


def build(reference: Reference, communities: Any, lived_in: Ints, shard: Shard, seed: int) -> Dwellings:
    """Build dwellings for communities in which `lived_in` households live; some stay empty."""
    rng = stream(seed, "dwellings")
    wanted = np.ceil(lived_in * SPARE).astype(np.int64) + 8
    community = np.repeat(np.arange(len(wanted)), wanted)
    village = np.array([is_village(name) for name in communities["name"].to_pylist()])[community]
    in_lane = happens(rng, len(community), IN_LANE) & ~village
    place = rank_within(community * 2 + in_lane, rng)  # flats and houses are numbered in random order
    codes = communities["township_code"].combine_chunks()
    sharer = pc.index_in(codes, pc.unique(codes)).to_numpy()[community]  # 0 for the township itself
    estate_of, road_of, door_of = _estates(reference, len(wanted), rng)
    lanes, roads = reference.names_of("lane"), reference.names_of("road")
    turn = rng.permutation(len(wanted) * 2)  # a lane through several communities goes on counting

    per_estate = np.ceil(wanted / ESTATES).astype(np.int64)[community]
    estate = community * ESTATES + np.minimum(place // per_estate, ESTATES - 1)
    slot = place - (estate % ESTATES) * per_estate
    units = estate % 3 + 1
    homes = units * FLOORS * ROOMS
    inside = slot % homes
    lane_turn = turn[community * 2 + place % 2]
    lane_door = lane_turn // len(lanes) * (wanted.max() // 2 + 1) + place // 2 + 1
    floor = inside // ROOMS % FLOORS + 1
    is_house = village | in_lane
    door = np.select([village, in_lane], [place % GROUP + 1, lane_door], door_of[estate])
    return Dwellings(
        community=community,
        township=text.pick(communities["township"], community),
        road=text.join(
            text.pick(_villages(communities), np.where(village, community, -1)),
            text.pick(roads, np.where(is_house, -1, road_of[estate])),
            text.pick(lanes, np.where(in_lane, lane_turn % len(lanes), -1)),
        ),
        door=door * SHARERS + sharer,
        estate=text.pick(reference.names_of("estate"), np.where(is_house, -1, estate_of[estate])),
        block=np.where(is_house, 0, slot // homes + 1),
        unit=np.select([village, in_lane], [place // GROUP + 1, 0], inside // (FLOORS * ROOMS) + 1),
        room=np.where(is_house, 0, floor * 100 + inside % ROOMS + 1),
        district=shard.district_name,
    )


def _villages(communities: Any) -> Text:
    """Return villages as addresses name them: 长兴村 for 长兴村委会 and for 长兴村村委会."""
    stems = pc.replace_substring_regex(communities["name"].combine_chunks(), "（.*）$", "")
    stems = pc.replace_substring_regex(stems, "村?(村委会|村民委员会)$|村$", "")
    return text.join(stems, "村")


def _estates(reference: Reference, communities: int, rng: Generator) -> tuple[Ints, Ints, Ints]:
    """Give every estate a name, a road and a door number; no two in one place have the same."""
    count = communities * ESTATES
    names, roads = len(reference.names_of("estate")), len(reference.names_of("road"))
    name = rng.permutation(max(count, names))[:count] % names
    road = choose(rng, np.ones(roads), count)
    return name, road, rng.permutation(count) + 1


def enterprise_sites(dwellings: Dwellings, community: Ints, rng: Generator) -> tuple[Text, Ints]:
    """Return a road and a door number in the community for each enterprise."""
    order = np.argsort(dwellings.community, kind="stable")
    starts = np.searchsorted(dwellings.community[order], np.arange(community.max() + 2))
    low, high = starts[community], starts[community + 1]
    near = order[(low + rng.random(len(community)) * (high - low)).astype(np.int64)]
    road: pa.Array = text.pick(dwellings.road, near)
    return road, rng.integers(1, 400, len(community))
