"""医保 基本医疗保险参保: one table of the insurance's core system; embedded here, MySQL where it is big."""

import sqlite3
from contextlib import closing
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools, choose, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.settlement import AWAY, MIGRANT
from jiceng_pipeline.simulation.store import Place, Records, table, whole
from jiceng_pipeline.simulation.text import Text

SYSTEM = "medical_insurance/insured_person"
ENTITY = "resident"
KEY = ("AAC001",)

FILE, TABLE = "yibao.db", "AC01"
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


def write(records: Records, _: date, place: Place) -> None:
    """Write the database file anew."""
    names = records.table.column_names
    with whole(place.folder / FILE) as draft:
        draft.unlink(missing_ok=True)
        with closing(sqlite3.connect(draft)) as connection, connection:
            connection.execute(f"create table {TABLE} ({', '.join(f'{name} TEXT' for name in names)})")
            rows = zip(*(records.table[name].to_pylist() for name in names), strict=True)
            connection.executemany(f"insert into {TABLE} values ({', '.join('?' * len(names))})", rows)


def connection(place: Place) -> dict[str, Any]:
    """Return the database as an address; `mysql://…` would do as well."""
    return {"url": f"sqlite:///{place.folder / FILE}"}


def _employers(city: City, clerk: ResidentClerk, employed: Any) -> Text:
    """Return the credit codes of the enterprises people work at: those that are open."""
    is_open = np.flatnonzero(np.asarray(pc.equal(city.enterprises.status, "1")))
    chosen = is_open[clerk.rng("employer").integers(0, len(is_open), len(clerk))]
    return text.where(employed, text.pick(city.enterprises.credit_code, chosen), None)
