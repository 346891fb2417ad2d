"""市场主体: enterprises that open and that close."""

from dataclasses import fields, replace

import numpy as np
import pyarrow.compute as pc

from jiceng_pipeline.simulation import enterprises, text
from jiceng_pipeline.simulation.city import key
from jiceng_pipeline.simulation.life.draft import ENTERPRISE, YEAR, Draft
from jiceng_pipeline.simulation.life.pace import Pace

OPEN, CLOSED = "1", "4"


def closings(draft: Draft, pace: Pace) -> None:
    """Close enterprises."""
    is_open = draft.is_open()
    rows = draft.chosen("closings", is_open, pace.closing * is_open.sum(), subject=ENTERPRISE)
    draft.put("enterprises.status", rows, CLOSED)
    draft.note("closing", rows, OPEN, CLOSED, subject=ENTERPRISE)


def openings(draft: Draft, pace: Pace) -> None:
    """Found enterprises, each answered for by a grown resident."""
    rng, known = draft.stream("openings"), len(draft["enterprise_serial"])
    count = int(rng.poisson(pace.opening * known / YEAR))
    adults = np.flatnonzero(draft.is_living & (draft.age > 20) & (draft.age < 70))
    if not count or not len(adults):
        return
    city = draft.rebuilt()
    own = draft.is_own(np.arange(len(city.homes)))
    community = rng.choice(np.unique(city.homes.community[own]), count)
    serial = int(draft["enterprise_serial"][-1]) + 1
    shard = replace(draft.shard, first_enterprise=serial, township=f"{draft.shard.township}/{draft.day}")
    surname = text.pick(city.reference.surnames["surname"], city.people.names.surname)
    firms = enterprises.found(
        city.reference, city.homes, community, adults, surname, city.people.phone, draft.today, shard, city.seed
    )
    held = {f"enterprises.{each.name}": getattr(firms, each.name) for each in fields(firms)}
    rows = draft.add(
        "enterprise",
        count,
        held
        | {
            "enterprises.established": np.full(count, draft.today),
            "enterprises.status": OPEN,
            "enterprise_serial": serial + np.arange(count),
            "enterprise_id": key(serial + np.arange(count), city.seed, "enterprises"),
        },
    )
    draft.note("opening", rows, after=pc.take(draft["enterprises.name"], rows), subject=ENTERPRISE)
