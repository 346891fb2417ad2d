"""Who lives where: dwellings moved into, and the ones people are registered at or lived in before."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc

from jiceng_pipeline.simulation import dwellings
from jiceng_pipeline.simulation.chance import Bools, Ints, choose, happens, stream
from jiceng_pipeline.simulation.dwellings import Dwellings
from jiceng_pipeline.simulation.plan import Shard
from jiceng_pipeline.simulation.reference import Reference

# Of the households: registered where they live, elsewhere in the street, living in a neighbouring street,
# registered in another county.
LOCAL, MOVED, AWAY, MIGRANT = range(4)
SITUATIONS = (0.83, 0.07, 0.05, 0.05)
LIVES_APART = 0.025  # of the young adults: elsewhere than their household


@dataclass(frozen=True)
class Settlement:
    """Dwellings, and the rows of those that people have to do with (one each a person)."""

    homes: Dwellings
    lived_in: Ints
    registered_at: Ints  # -1: in another county
    lived_in_before: Ints
    lives_apart: Bools


def situations(households: int, seed: int) -> Ints:
    """Draw how each household's registration and dwelling differ."""
    return choose(stream(seed, "situations"), SITUATIONS, households)


def settle(
    reference: Reference, communities: Any, situation: Ints, household: Ints, young: Bools, shard: Shard, seed: int
) -> Settlement:
    """Build dwellings in the township's own communities (which come first) and the others, and move everyone in.

    `situation` has a row a household; `household` and `young` (may live apart) a row a person.
    """
    own = int(pc.sum(pc.equal(communities["township_code"], shard.township)).as_py())
    living, registered = _communities_of(situation, own, communities.num_rows, seed)
    elsewhere = np.isin(situation, (MOVED, AWAY))
    wanted = np.concatenate([living, registered[elsewhere]])
    homes = dwellings.build(reference, communities, np.bincount(wanted, minlength=communities.num_rows), shard, seed)
    taken = _taken(homes, wanted, communities.num_rows, seed)
    home, registered_at = taken[: len(living)], taken[: len(living)].copy()
    registered_at[elsewhere] = taken[len(living) :]
    registered_at[situation == MIGRANT] = -1
    rng, count = stream(seed, "single lives"), len(household)
    apart = young & happens(rng, count, LIVES_APART)
    return Settlement(
        homes,
        np.where(apart, rng.integers(0, len(homes), count), home[household]),
        registered_at[household],
        rng.integers(0, len(homes), count),
        apart,
    )


def _communities_of(situation: Ints, own: int, everywhere: int, seed: int) -> tuple[Ints, Ints]:
    """Draw the community each household lives in, and the one it is registered in; they differ in size."""
    rng, count = stream(seed, "whereabouts"), len(situation)
    size = rng.uniform(0.6, 1.5, own)
    registered, other = choose(rng, size, count), choose(rng, size, count)
    neighbouring = rng.integers(own, everywhere, count)
    living = np.where(situation == MOVED, other, np.where(situation == AWAY, neighbouring, registered))
    return living, registered


def _taken(homes: Dwellings, wanted: Ints, communities: int, seed: int) -> Ints:
    """Give each wish for a community another free dwelling there."""
    order = stream(seed, "moving in").permutation(len(homes))
    free = order[np.argsort(homes.community[order], kind="stable")]
    starts = np.searchsorted(homes.community[free], np.arange(communities))
    turn = np.argsort(wanted, kind="stable")
    nth = np.arange(len(wanted)) - np.searchsorted(wanted[turn], wanted[turn])
    taken = np.empty(len(wanted), np.int64)
    taken[turn] = free[starts[wanted[turn]] + nth]
    return taken
