"""撤村并居: communities that become one, on the days the reference says."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation.chance import Ints
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.life.draft import Draft
from jiceng_pipeline.simulation.mergers import merged


def mergers(draft: Draft) -> None:
    """Merge the communities whose day has come; everybody who lives or is registered in one is told of it."""
    before = draft.city
    after = merged(before, lambda day: day == before.as_of)
    if after is before:
        return
    gone = np.asarray(pc.not_equal(before.communities["code"], after.communities["code"]))
    gone |= _places(before, after) != np.arange(len(gone))
    draft.change(after)
    place = np.where(draft["registered_at"] >= 0, draft["registered_at"], draft["dwelling"])
    rows = np.flatnonzero(draft.is_living & gone[before.homes.community[place]])
    old, new = (each.communities["code"].take(pa.array(each.homes.community[place[rows]])) for each in (before, after))
    draft.note("merger", rows, old.combine_chunks(), new.combine_chunks())


def _places(before: City, after: City) -> Ints:
    """Return for each community before the one its dwellings are in now."""
    result = np.arange(before.communities.num_rows)
    result[before.homes.community] = after.homes.community
    return result
