"""卫健 居民健康档案: JSON objects on disk, handed out page by page over HTTP to who has the token."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import json_text, pages, text
from jiceng_pipeline.simulation.chance import Bools, choose, happens, permuted
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.settlement import AWAY
from jiceng_pipeline.simulation.store import Change, Place, Records, batches, table, whole
from jiceng_pipeline.simulation.text import Text

SYSTEM = "health/resident_health_record"
ENTITY = "resident"
KEY = ("archiveNo",)
COMMUNITY = "village"
RHYTHM = Rhythm(
    "day",
    hears={
        "birth": 0.95, "death": 0.8, "move": 0.6, "departure": 0.5, "arrival": 0.6, "marital": 0.3, "phone": 0.4,
        "household": 0.3,
    },
    delay=(2, 10),
)  # fmt: skip
PATH = "/api/v1/records"

COVERED, COVERED_ELSEWHERE = 0.72, 0.35  # of those who live in the street, and of those registered here only
MARRIAGE = {"10": "未婚", "20": "已婚", "22": "已婚", "30": "丧偶", "40": "离婚"}
RELATION = {
    "02": "户主", "11": "配偶", "12": "配偶", "2": "子", "3": "女", "4": "孙辈", "5": "父母",
    "28": "其他", "38": "其他", "53": "其他", "54": "其他", "55": "其他", "56": "其他",
}  # fmt: skip
BLOOD = {"A": 0.30, "B": 0.25, "O": 0.30, "AB": 0.08, "不详": 0.07}
DOCTORS = ("陈医生", "顾医生", "施医生", "王医生", "吴医生", "徐医生", "张医生", "周医生")
PAGE_LIMIT = 2_000
SINCE = re.compile(r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
PLACE = re.compile(rb'"updateTime":"([^"]{19})","archiveNo":"(\d{17})"')


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """Residents with a health record where they live, those from other counties included."""
    rng, count = city.lots(SYSTEM, "coverage"), len(city.people)
    covered = happens(rng, count, np.where(city.situation == AWAY, COVERED_ELSEWHERE, COVERED))
    listed = np.flatnonzero(covered & (city.is_alive | happens(rng, count, rates.of(SYSTEM).dead_still_listed)))
    clerk = ResidentClerk.at_work(city, SYSTEM, rates, listed, only)
    people, rows = city.people, clerk.rows
    clerk.mark("", "dead_still_listed", ~city.is_alive[rows])
    take, home = pa.array(rows), city.dwelling[rows]
    pressure, sugar, visit = _care(city, clerk)
    sex = text.pick(("F", "M"), people.male[rows].astype(np.int64))
    phone = clerk.phone("mobile")
    address = clerk.address("presentAddress", home)
    touched = clerk.updated("updateTime", clerk.made("phone_old", "address_stale"))
    noon = visit.astype("datetime64[s]") + 12 * 3600  # a visit is entered the same day
    touched = np.where(noon > touched, noon, touched)
    written = table(
        name=clerk.name("name"),
        idCard=pc.fill_null(clerk.citizen_id("idCard"), ""),
        gender=clerk.rubbish("gender", clerk.blank("gender", sex, clerk.rates.cell_missing / 4, "U"), ("X", "3")),
        birthday=clerk.rubbish("birthday", text.day(clerk.birth_date("birthday")), ("1985-02-30", "1979-13-01")),
        ethnic=clerk.blank("ethnic", people.ethnic_group.take(take)),
        marriage=clerk.blank(
            "marriage", text.translate(people.marital_status.take(take), MARRIAGE.__getitem__), empty="未说明"
        ),
        familyNo=text.join("JT", text.digits(_family_numbers(city)[rows], 8)),
        relation=clerk.blank("relation", text.translate(people.relation.take(take), _relation)),
        presentAddress=address,
        village=clerk.community("village", home, "short"),
        mobile=phone,
        bloodType=text.pick(list(BLOOD), choose(clerk.rng("blood"), list(BLOOD.values()), len(clerk))),
        hypertension=text.number(pressure),
        diabetes=text.number(sugar),
        lastFollowUp=text.day(visit),
        updateTime=text.moment(touched, "T"),
        archiveNo=_archive_numbers(clerk),
        doctor=text.pick(DOCTORS, clerk.rng("doctor").integers(0, len(DOCTORS), len(clerk))),
    )
    return Records(written, city.person_id.take(take), tuple(clerk.marks))


def write(tables: Iterable[Any], _: date, place: Place) -> None:
    """Write one JSON object a line, in the order of the pages."""
    (place.folder / pages.REVISED).unlink(missing_ok=True)
    with whole(place.folder / pages.LINES) as draft, draft.open("wb") as out:
        for rows in batches(tables):
            out.write(json_text.lines(_objects(rows)))


def revise(change: Change, as_of: date, place: Place, _: Mapping[str, str]) -> None:
    """Put what changed into force; who has left leaves a mark behind."""
    closed = f"{as_of}T17:30:00"
    gone = change.gone["archiveNo"].combine_chunks()
    marks = text.join('{"archiveNo":"', gone, f'","updateTime":"{closed}","deleted":1}}')
    parts = (
        (change.changed["archiveNo"], change.changed["updateTime"], _objects(change.changed), False),
        (gone, pa.repeat(pa.scalar(closed), len(gone)), marks, True),
    )
    rows = [
        pa.table(
            {
                "key": pc.cast(text.column(key), pa.int64()),
                "time": text.column(time),
                "line": pc.cast(line, pa.binary()),
                "gone": pa.repeat(pa.scalar(is_gone), len(key)),
            },
            schema=pages.SCHEMA,
        )
        for key, time, line, is_gone in parts
    ]
    pages.revise(place.folder, pa.concat_tables(rows))


def _objects(rows: Any) -> Text:
    return json_text.objects(rows, bare=("hypertension", "diabetes"))


def connection(place: Place) -> dict[str, Any]:
    """Return the interface's address and token."""
    return {"url": place.http, "token": place.token}


def respond(folder: Path, query: Mapping[str, str]) -> bytes:
    """Answer a request for one page: page=1, 2, ..., size=1 to 2000; since=2026-11-24T08:30:00 for what changed."""
    try:
        page, size = int(query.get("page", "1")), int(query.get("size", "100"))
    except ValueError:
        page, size = 0, 0
    since = query.get("since", "")
    if page < 1 or not 1 <= size <= PAGE_LIMIT or not SINCE.fullmatch(since):
        return '{"code":400,"msg":"参数错误"}'.encode()
    total, rows = pages.page(folder, page, size, since, PLACE)
    return b'{"code":0,"total":%d,"page":%d,"data":[%s]}' % (total, page, rows)


def _care(city: City, clerk: ResidentClerk) -> tuple[Any, Any, Any]:
    """Draw who is followed for hypertension and diabetes, and when a doctor last came."""
    rng, age, count = clerk.rng("care"), city.age[clerk.rows], len(clerk)
    pressure = happens(rng, count, np.interp(age, [35, 50, 65, 80], [0.0, 0.12, 0.4, 0.55]))
    sugar = happens(rng, count, np.interp(age, [35, 50, 65, 80], [0.0, 0.05, 0.15, 0.2]))
    followed: Bools = (pressure | sugar | (age >= 65)) & happens(rng, count, 0.9)
    days = np.minimum(rng.exponential(90, count), 900).astype(np.int64) + 1
    visit = np.where(followed, city.start - days, np.datetime64("NaT"))
    return pressure.astype(np.int64), sugar.astype(np.int64), visit


def _relation(code: str) -> str:
    return RELATION.get(code) or RELATION.get(code[0], "其他")


def _family_numbers(city: City) -> Any:
    """Return the platform's own number of each person's household, unlike the police's."""
    return permuted(city.household_serial, 10**8, city.seed, SYSTEM, "families")


def _archive_numbers(clerk: ResidentClerk) -> Text:
    """Return 档案编号: the city's four digits and thirteen more, kept for life wherever one moves."""
    return text.join("3206", text.digits(clerk.keys(0, 10**13), 13))
