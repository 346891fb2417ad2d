"""标准地址: dwellings in the blocks of estates and in old lanes, and the ways people write them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools, Ints, choose, happens, rank_within, stream
from jiceng_pipeline.simulation.reference import DISTRICT_HEAD, Reference
from jiceng_pipeline.simulation.text import Text

ESTATES = 5  # a community
FLOORS, ROOMS = 6, 2
IN_LANE = 0.12
SPARE = 1.25  # dwellings built for each one lived in

HEADS = (DISTRICT_HEAD, "南通市崇川区", "崇川区", "")
BLOCKS = ("幢", "号楼", "栋")


@dataclass(frozen=True)
class Dwellings:
    """One row a dwelling: community (row of the city's communities), road, door, estate, block, unit, room.

    `estate` is empty and `block` is 0 for a house in a lane.
    """

    community: Ints
    township: Text
    road: Text
    door: Ints
    estate: Text
    block: Ints
    unit: Ints
    room: Ints

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
        doors = text.join(text.pick(self.road, index), text.number(self.door[index]), "号")
        flats = text.join(
            text.pick(self.estate, index),
            text.number(self.block[index]),
            text.pick(BLOCKS, block),
            text.number(self.unit[index]),
            "单元",
            text.number(self.room[index]),
            text.where(room_word, "室", ""),
        )
        flats = text.where(self.block[index] > 0, flats, "")
        return text.join(text.pick(HEADS, head), towns, doors, flats)


def build(reference: Reference, communities: Any, lived_in: Ints, seed: int) -> Dwellings:
    """Build dwellings for communities in which `lived_in` households live; some stay empty."""
    rng = stream(seed, "dwellings")
    wanted = np.ceil(lived_in * SPARE).astype(np.int64) + 8
    community = np.repeat(np.arange(len(wanted)), wanted)
    in_lane = happens(rng, len(community), IN_LANE)
    place = rank_within(community * 2 + in_lane, rng)  # flats and houses are numbered in random order
    estate_of, road_of, door_of = _estates(reference, len(wanted), rng)
    lanes, roads = reference.names_of("lane"), reference.names_of("road")
    turn = rng.permutation(len(wanted) * 2)  # a lane through several communities goes on counting

    per_estate = np.ceil(wanted / ESTATES).astype(np.int64)[community]
    estate = community * ESTATES + np.minimum(place // per_estate, ESTATES - 1)
    slot = place - (estate % ESTATES) * per_estate
    units = estate % 3 + 1
    homes = units * FLOORS * ROOMS
    inside = slot % homes
    street = np.where(in_lane, -1, road_of[estate])
    lane_turn = turn[community * 2 + place % 2]
    lane = np.where(in_lane, lane_turn % len(lanes), -1)
    lane_door = lane_turn // len(lanes) * (wanted.max() // 2 + 1) + place // 2 + 1
    floor = inside // ROOMS % FLOORS + 1
    return Dwellings(
        community=community,
        township=text.pick(communities["township"], community),
        road=text.join(text.pick(roads, street), text.pick(lanes, lane)),
        door=np.where(in_lane, lane_door, door_of[estate]),
        estate=text.pick(reference.names_of("estate"), np.where(in_lane, -1, estate_of[estate])),
        block=np.where(in_lane, 0, slot // homes + 1),
        unit=np.where(in_lane, 0, inside // (FLOORS * ROOMS) + 1),
        room=np.where(in_lane, 0, floor * 100 + inside % ROOMS + 1),
    )


def _estates(reference: Reference, communities: int, rng: Generator) -> tuple[Ints, Ints, Ints]:
    """Give every estate a name, a road and a door number; no two in one place have the same."""
    count = communities * ESTATES
    names, roads = len(reference.names_of("estate")), len(reference.names_of("road"))
    name = rng.permutation(max(count, names))[:count] % names
    road = choose(rng, np.ones(roads), count)
    door = (rng.permutation(count) + 1) * 3 + rng.integers(0, 3, count)
    return name, road, door


def enterprise_sites(dwellings: Dwellings, community: Ints, rng: Generator) -> tuple[Text, Ints]:
    """Return a road and a door number in the community for each enterprise."""
    order = np.argsort(dwellings.community, kind="stable")
    starts = np.searchsorted(dwellings.community[order], np.arange(community.max() + 2))
    low, high = starts[community], starts[community + 1]
    near = order[(low + rng.random(len(community)) * (high - low)).astype(np.int64)]
    road: pa.Array = text.pick(dwellings.road, near)
    return road, rng.integers(1, 400, len(community))
