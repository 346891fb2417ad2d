"""产权: who owns a dwelling, which is not always who lives there."""

from typing import TYPE_CHECKING

import numpy as np

from jiceng_pipeline.simulation.chance import Ints, happens, seed_of, stream
from jiceng_pipeline.simulation.families import HEAD
from jiceng_pipeline.simulation.settlement import LOCAL, MIGRANT

if TYPE_CHECKING:
    from jiceng_pipeline.simulation.city import City

SECOND_HOMES = 0.4  # of the dwellings nobody lives in or is registered at


def owners(city: "City") -> Ints:
    """Return for each dwelling the row of the person who owns it, or -1 while the developer does.

    Heads own what they live in and what they are registered at; who came from another county rents.
    """
    rng, count = stream(seed_of(city.seed, city.shard.township), "owners"), len(city.homes)
    owner = np.full(count, -1)
    heads = np.flatnonzero((city.people.slot == HEAD) & (city.situation != MIGRANT) & ~city.lives_apart)
    owner[city.dwelling[heads]] = heads
    at_home = heads[city.registered_at[heads] >= 0]
    owner[city.registered_at[at_home]] = at_home
    wealthy = np.flatnonzero((city.people.slot == HEAD) & (city.situation == LOCAL) & (city.age > 30) & city.is_alive)
    rented = np.zeros(count, np.bool_)
    rented[city.dwelling[city.situation == MIGRANT]] = True
    free = (owner < 0) & (rented | happens(rng, count, SECOND_HOMES))
    owner[free] = rng.choice(wealthy, int(free.sum()))
    return owner
