"""医保 基本医疗保险参保: one table of the insurance's core system, in MariaDB where the city has one, else embedded."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from jiceng_pipeline.simulation import mariadb, sqlite, text
from jiceng_pipeline.simulation.chance import Bools, choose, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.settlement import AWAY, MIGRANT
from jiceng_pipeline.simulation.store import Change, Place, Records, batches, table
from jiceng_pipeline.simulation.text import Text

SYSTEM = "medical_insurance/insured_person"
ENTITY = "resident"
KEY = ("AAC001",)
COMMUNITY = "BAZ001"
RHYTHM = Rhythm(
    "day",
    hears={
        "birth": 0.9, "death": 0.9, "move": 0.4, "departure": 0.6, "arrival": 0.7, "employment": 1.0, "retirement": 1.0,
        "phone": 0.3,
    },
    delay=(3, 15),
    slow={"death": (0.3, 45)},
)  # fmt: skip

FILE, DATABASE, TABLE, READER = "yibao.db", "yibao", "AC01", "jiceng"
TYPES = {"AAC001": "varchar(20) primary key", "AAC006": "varchar(8)", "AAE006": "varchar(200)", "AAE036": "datetime"}
COVERED, COVERED_ELSEWHERE, COVERED_MIGRANTS = 0.82, 0.6, 0.45
EMPLOYEE, RESIDENT = "310", "390"  # AAE140 险种类型
NORMAL, PAUSED, ENDED = "1", "2", "3"
RETIREMENT = 58
DOCTORS = ("陈医生", "顾医生", "施医生", "王医生", "吴医生", "徐医生", "张医生", "周医生")
SIGNED = 0.4  # with a family doctor


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """Insured persons of any age; the rolls of the dead are closed late."""
    rng, count = city.lots(SYSTEM, "coverage"), len(city.people)
    share = np.select(
        [city.situation == AWAY, city.situation == MIGRANT], [COVERED_ELSEWHERE, COVERED_MIGRANTS], COVERED
    )
    stays = happens(rng, count, rates.of(SYSTEM).dead_still_listed)
    listed = happens(rng, count, share) & (city.is_alive | stays)
    clerk = ResidentClerk.at_work(city, SYSTEM, rates, np.flatnonzero(listed), only)
    people, rows, take = city.people, clerk.rows, pa.array(clerk.rows)
    clerk.mark("", "dead_still_listed", ~city.is_alive[rows])
    age = city.age[rows]
    employed = (age > 18) & happens(clerk.rng("employed"), len(clerk), np.where(age < RETIREMENT, 0.62, 0.5))
    status = text.pick((NORMAL, PAUSED, ENDED), choose(clerk.rng("status"), [0.95, 0.04, 0.01], len(clerk)))
    doctor = clerk.rng("doctor").integers(0, len(DOCTORS), len(clerk))
    signed = happens(clerk.rng("signed"), len(clerk), SIGNED)
    touched = clerk.updated("AAE036", clerk.made("phone_old", "address_stale"))
    written = table(
        AAC001=text.digits(clerk.keys(10**9, 10**10), 10),
        AAC002=clerk.citizen_id("AAC002"),
        AAC003=clerk.name("AAC003"),
        AAC004=text.pick(("2", "1"), people.male[rows].astype(np.int64)),
        AAC005=clerk.blank("AAC005", people.ethnic_group.take(take)),
        AAC006=clerk.rubbish("AAC006", text.day(clerk.birth_date("AAC006"), "%Y%m%d"), ("19670230", "0")),
        AAE140=text.where(employed, EMPLOYEE, RESIDENT),
        AAC031=clerk.rubbish("AAC031", status, ("9", "Y")),
        AAB999=_employers(city, clerk, employed & (age < RETIREMENT)),
        AAE005=clerk.phone("AAE005"),
        AAE006=clerk.address("AAE006", city.dwelling[rows]),
        BAZ001=clerk.community("BAZ001", city.dwelling[rows], "code"),
        BKC001=text.where(signed, text.pick(DOCTORS, doctor), ""),
        AAE036=text.moment(touched),
    )
    return Records(written, city.person_id.take(take), tuple(clerk.marks))


def write(tables: Iterable[Any], _: date, place: Place) -> None:
    """Write the table anew, into the server or the file."""
    if place.mysql:
        _write_server(tables, place)
    else:
        sqlite.write(place.folder / FILE, TABLE, tables, index=KEY)


def revise(change: Change, _: date, place: Place, heading: Mapping[str, str]) -> None:
    """Change insured persons in place."""
    if place.mysql:
        mariadb.revise(place.mysql, f"{DATABASE}.{TABLE}", KEY, change, place.folder / f"{TABLE}.csv")
    else:
        sqlite.revise(place.folder / FILE, TABLE, KEY, change, heading)


def connection(place: Place) -> dict[str, Any]:
    """Return the database as an address; the login of the server may only read."""
    if place.mysql:
        return {"url": place.mysql.replace("root@localhost/mysql", f"{READER}@localhost/{DATABASE}", 1)}
    return {"url": f"sqlite:///{place.folder / FILE}"}


def _write_server(tables: Iterable[Any], place: Place) -> None:
    every = iter(tables)
    first = next(every)
    columns = ", ".join(f"{name} {TYPES.get(name, 'varchar(60)')}" for name in first.column_names)
    mariadb.execute(
        place.mysql,
        f"create database if not exists {DATABASE} character set utf8mb4",
        f"drop table if exists {DATABASE}.{TABLE}",
        f"create table {DATABASE}.{TABLE} ({columns})",
        f"create user if not exists {READER}@localhost",
        f"grant select on {DATABASE}.* to {READER}@localhost",
    )
    mariadb.fill(place.mysql, f"{DATABASE}.{TABLE}", batches(chain([first], every)), place.folder / f"{TABLE}.csv")


def _employers(city: City, clerk: ResidentClerk, employed: Any) -> Text:
    """Return the credit codes of the enterprises people work at."""
    employer = np.where(employed, city.settled.employer[clerk.rows], -1)
    return text.where(employer >= 0, text.pick(city.enterprises.credit_code, employer), None)
