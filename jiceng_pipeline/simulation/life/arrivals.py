"""迁入: households that come from elsewhere, with names, numbers and telephones of their own."""

from dataclasses import replace

import numpy as np

from jiceng_pipeline.simulation import families, people, portion
from jiceng_pipeline.simulation.affairs import NEVER
from jiceng_pipeline.simulation.chance import choose, permuted
from jiceng_pipeline.simulation.city import HOUSEHOLD_CODES, key
from jiceng_pipeline.simulation.families import HEAD
from jiceng_pipeline.simulation.life.draft import YEAR, Draft
from jiceng_pipeline.simulation.life.pace import Pace
from jiceng_pipeline.simulation.settlement import LOCAL, MIGRANT

FROM_AFAR = 0.8  # of the households that come: registered in another county
WORKS = 0.6  # of the grown among them, from the first day on


def arrivals(draft: Draft, pace: Pace) -> None:
    """Let households come and rent or register in free dwellings of the township."""
    rng = draft.stream("arrivals")
    here = np.count_nonzero(draft.is_living & draft.is_in(HEAD))
    free = np.flatnonzero(draft.free_dwellings() & draft.is_own(np.arange(len(draft["dwelling_serial"]))))
    count = min(int(rng.poisson(pace.arrival * here / YEAR)), len(free))
    if not count:
        return
    city, seed = draft.city, draft.city.seed
    situation = np.where(rng.random(count) < FROM_AFAR, MIGRANT, LOCAL)
    drawn = families.families(count, rng)
    serial = int(draft["person_serial"][-1]) + 1
    shard = replace(draft.shard, first_person=serial, township=f"{draft.shard.township}/{draft.day}")
    folk = people.populate(city.reference, drawn, situation == MIGRANT, draft.today, shard, seed)
    ids, birth = people.numbered(
        city.reference, folk.area, folk.birth, folk.male, draft.shard, seed, later=True,
        given=draft["people.citizen_id"],
    )  # fmt: skip
    home = rng.choice(free, count, replace=False)[folk.household]
    household = int(draft["household_serial"].max()) + 1 + folk.household
    serials = serial + np.arange(len(folk))
    grown = (people.years_between(birth, draft.today) > 18) & (rng.random(len(folk)) < WORKS)
    columns = {f"people.{path}": values for path, values in portion.columns(folk).items()}
    columns |= {
        "people.household": int(draft["people.household"].max()) + 1 + folk.household,
        "people.citizen_id": ids,
        "people.birth": birth,
        "people.death": np.full(len(folk), NEVER),
        "dwelling": home,
        "registered_at": np.where(situation[folk.household] == MIGRANT, -1, home),
        "previous_dwelling": home,
        "lives_apart": False,
        "situation": situation[folk.household],
        "person_id": key(serials, seed, "people"),
        "person_serial": serials,
        "household_id": key(household, seed, "households"),
        "household_serial": household,
        "household_code": permuted(household, HOUSEHOLD_CODES, seed, "household codes"),
        "affairs.employer": _employers(draft, grown, rng),
        "affairs.on_allowance": False,
        "affairs.allowance_since": np.full(len(folk), NEVER),
        "affairs.arrived": np.full(len(folk), draft.today),
        "affairs.left": np.full(len(folk), NEVER),
    }
    rows = draft.add("person", len(folk), columns)
    draft.note("arrival", rows, after=draft.community_codes(home))


def _employers(draft: Draft, works: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    is_open = np.flatnonzero(draft.is_open())
    if not len(is_open):
        return np.full(len(works), -1)
    return np.where(works, is_open[choose(rng, np.ones(len(is_open)), len(works))], -1)
