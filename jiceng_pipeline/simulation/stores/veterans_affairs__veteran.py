"""退役军人 优抚对象: a CSV export over HTTP, for who has the token."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import delimited, text
from jiceng_pipeline.simulation.chance import Bools, choose, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.store import Place, Records, table

SYSTEM = "veterans_affairs/veteran"
ENTITY = "resident"
KEY = ("jdbh",)
COMMUNITY = "sqmc"
RHYTHM = Rhythm(
    "month",
    hears={"honour": 1.0, "death": 0.9, "departure": 0.7, "registration": 0.7, "move": 0.3, "phone": 0.3},
    delay=(5, 25),
    on=25,
    slow={"death": (0.3, 60)},
    merges=10,
)
PATH = "/export/veteran.csv"
CONTENT_TYPE = "text/csv; charset=utf-8"

FILE = "veteran.csv"
SERVED = {True: 0.07, False: 0.004}  # of the men and women over twenty-two
OLD = 60  # before it, one is a veteran like others
KINDS = {"退役士兵": 0.62, "60岁农村籍": 0.14, "伤残军人": 0.08, "参战参试": 0.08, "带病回乡": 0.05, "在乡复员": 0.03}


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """Veterans registered here, with their years of service."""
    rng, count = city.lots(SYSTEM, "coverage"), len(city.people)
    share = np.where(city.people.male, SERVED[True], SERVED[False])
    stays = happens(rng, count, rates.of(SYSTEM).dead_still_listed)
    listed = (city.age > 22) & city.is_registered & happens(rng, count, share) & (city.is_alive | stays)
    clerk = ResidentClerk.at_work(city, SYSTEM, rates, np.flatnonzero(listed), only)
    people, rows, home = city.people, clerk.rows, city.dwelling[clerk.rows]
    clerk.mark("", "dead_still_listed", ~city.is_alive[rows])
    joined = people.birth[rows] + clerk.rng("joined").integers(18 * 366, 20 * 365, len(clerk))
    left = joined + choose(clerk.rng("years"), [0.7, 0.15, 0.1, 0.05], len(clerk)) * 3 * 365 + 2 * 365
    left = np.minimum(left, city.start - 30)
    drawn = choose(clerk.rng("kind"), list(KINDS.values()), len(clerk))
    kind = text.pick(list(KINDS), np.where(city.age[rows] < OLD, 0, drawn))
    written = table(
        jdbh=text.join("T3206", text.digits(clerk.keys(0, 10**9), 9)),
        xm=clerk.name("xm"),
        gmsfhm=pc.fill_null(clerk.citizen_id("gmsfhm"), ""),
        xb=clerk.blank("xb", text.pick(("2", "1"), people.male[rows].astype(np.int64)), empty=""),
        csrq=text.day(clerk.birth_date("csrq"), "%Y-%m-%d"),
        rwrq=clerk.rubbish("rwrq", text.day(joined, "%Y-%m-%d"), ("1979-02-30", "78年冬")),
        tyrq=text.day(left, "%Y-%m-%d"),
        yflb=clerk.rubbish("yflb", kind, ("待核", "老兵")),
        lxdh=clerk.phone("lxdh", empty=""),
        xzz=clerk.address("xzz", home, empty=""),
        sqmc=clerk.community("sqmc", home, empty=""),
    )
    return Records(written, city.person_id.take(pa.array(rows)), tuple(clerk.marks))


def write(tables: Iterable[Any], _: date, place: Place) -> None:
    """Write the export that is handed out."""
    delimited.write(place.folder / FILE, tables, ",", "utf-8")


def connection(place: Place) -> dict[str, Any]:
    """Return the export's address and token."""
    return {"url": place.http, "token": place.token}


def respond(folder: Path, _: Mapping[str, str]) -> bytes:
    """Answer with the whole export."""
    return (folder / FILE).read_bytes()
