"""公安 流动人口登记: who lives here and is registered elsewhere; a GB18030 text file a day, bars between fields."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import delimited, text
from jiceng_pipeline.simulation.chance import Bools, Days, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.store import Place, Records, table

SYSTEM = "public_security/floating_population"
ENTITY = "resident"
KEY = ("JZZBH",)
COMMUNITY = "SQMC"
RHYTHM = Rhythm(
    "day",
    hears={"arrival": 0.9, "departure": 0.7, "move": 0.8, "death": 0.9, "registration": 1.0, "phone": 0.3},
    delay=(1, 3),
    merges=0,
)

REGISTERED_HERE = 0.85  # of those who should be


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """Residents from other counties, where they rent, and of whom."""
    rng, count = city.lots(SYSTEM, "coverage"), len(city.people)
    listed = ~city.is_registered & city.is_alive & happens(rng, count, REGISTERED_HERE)
    clerk = ResidentClerk.at_work(city, SYSTEM, rates, np.flatnonzero(listed), only)
    people, rows = city.people, clerk.rows
    take, home = pa.array(rows), city.dwelling[rows]
    landlord = city.owner[home]
    arrived, days = city.settled.arrived[rows], clerk.rng("since").integers(1, 3 * 365, len(clerk))
    since: Days = np.where(np.isnat(arrived), city.start - days, arrived)
    until = since + 365 * ((city.today - since).astype(np.int64) // 365 + 1)
    landlord_phone = text.pick(people.phone, landlord)
    unknown = clerk.slips("FZDH", "cell_missing", clerk.rates.cell_missing)
    written = table(
        JZZBH=text.join("320652", text.digits(clerk.keys(0, 10**10), 10)),
        XM=clerk.name("XM"),
        ZJHM=pc.fill_null(clerk.citizen_id("ZJHM"), ""),
        XB=clerk.rubbish("XB", text.pick(("女", "男"), people.male[rows].astype(np.int64)), ("男女", "0")),
        CSRQ=text.day(clerk.birth_date("CSRQ")),
        MZ=clerk.blank("MZ", people.ethnic_group.take(take), empty=""),
        HJDZ=clerk.blank("HJDZ", city.registered_address.take(take), empty=""),
        XZZ=clerk.address("XZZ", home, empty=""),
        SQMC=clerk.community("SQMC", home, "short", empty=""),
        LXDH=clerk.phone("LXDH", empty=""),
        FZXM=text.pick(city.names, landlord),
        FZDH=text.put(landlord_phone, unknown, ""),
        DJRQ=clerk.rubbish("DJRQ", text.day(since, "%Y%m%d"), ("20240231", "00000000")),
        YXQZ=text.day(until, "%Y%m%d"),
    )
    return Records(written, city.person_id.take(take), tuple(clerk.marks))


def write(tables: Iterable[Any], as_of: date, place: Place) -> None:
    """Write the day's file: the whole list."""
    delimited.write(place.folder / f"LDRK_{as_of:%Y%m%d}.txt", tables, "|", "gb18030", end="\r\n")


def connection(place: Place) -> dict[str, Any]:
    """Return the drop folder."""
    return {"folder": str(place.folder)}
