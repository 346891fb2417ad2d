"""城管 城市管理案件: JSON, one case a line, the place and the reporter nested in it."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from jiceng_pipeline.simulation import json_text, text
from jiceng_pipeline.simulation.chance import Bools, choose, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.store import Place, Records, batches, table, whole
from jiceng_pipeline.simulation.text import Text

SYSTEM = "urban_management/city_case"
ENTITY = "city_case"
KEY = ("caseNo",)
COMMUNITY = "community"
RHYTHM = Rhythm(
    "day",
    hears={"case": 1.0, "case_closed": 1.0},
    delay=(0, 0),
    merges=0,
)

FILE = "cases.jsonl"
CATEGORIES = (
    ("市容环境", "暴露垃圾", 0.24), ("市容环境", "占道堆物", 0.16), ("街面秩序", "无照经营游商", 0.14),
    ("街面秩序", "机动车乱停放", 0.2), ("公用设施", "井盖破损", 0.08), ("公用设施", "路灯不亮", 0.08),
    ("宣传广告", "非法小广告", 0.06), ("突发事件", "道路积水", 0.04),
)  # fmt: skip
SOURCES = {"12345": 0.5, "grid": 0.25, "inspector": 0.2, "video": 0.05}
DAY = 86_400


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """Cases of the last year, each reported by somebody who lives here; a quarter left no name."""
    affairs = city.settled
    clerk = ResidentClerk.at_work(city, SYSTEM, rates, affairs.case_person, only, affairs.case_serial)
    rows = clerk.rows
    category = choose(clerk.rng("category"), [share for *_, share in CATEGORIES], len(clerk))
    case = np.searchsorted(affairs.case_serial, clerk.serials // 2)
    opened, closed = affairs.case_opened[case], affairs.case_closed[case]
    is_open = closed >= city.today.astype("datetime64[s]")
    nameless = happens(clerk.rng("nameless"), len(clerk), 0.25)
    state = text.where(is_open, text.where(opened > closed - 2 * DAY, "accepted", "handling"), "closed")
    written = table(
        caseNo=text.join("CG2026", text.digits(clerk.keys(0, 10**9), 9)),
        source=text.pick(list(SOURCES), choose(clerk.rng("source"), list(SOURCES.values()), len(clerk))),
        big=text.pick([big for big, *_ in CATEGORIES], category),
        small=text.pick([small for _, small, _ in CATEGORIES], category),
        address=clerk.address("address", city.dwelling[rows]),
        community=clerk.community("community", city.dwelling[rows]),
        reporter=text.where(nameless, None, clerk.name("reporter")),
        reporterPhone=text.where(nameless, None, clerk.phone("reporterPhone")),
        openedAt=clerk.rubbish("openedAt", text.moment(opened, "T"), ("昨天下午", "2026-02-30T08:00:00")),
        closedAt=text.where(is_open, None, text.moment(closed, "T")),
        status=clerk.rubbish("status", state, ("???", "待定")),
    )
    for column in ("reporter", "reporterPhone"):
        clerk.unmark(column, nameless)
    return Records(written, city.person_id.take(pa.array(rows)), tuple(clerk.marks))


def write(tables: Iterable[Any], _: date, place: Place) -> None:
    """Write one object a line: location and reporter are objects of their own."""
    with whole(place.folder / FILE) as draft, draft.open("wb") as out:
        for rows in batches(tables):
            out.write(json_text.lines(_cases(rows)))


def _cases(rows: Any) -> Text:
    location = json_text.objects(rows.select(["address", "community"]))
    reporter = json_text.objects(rows.select(["reporter", "reporterPhone"]).rename_columns(["name", "phone"]))
    category = json_text.objects(rows.select(["big", "small"]))
    flat = rows.select(["caseNo", "source", "openedAt", "closedAt", "status"])
    for name, values in (("category", category), ("location", location), ("reporter", reporter)):
        flat = flat.append_column(name, pa.chunked_array([values]))
    return json_text.objects(flat, bare=("category", "location", "reporter"))


def connection(place: Place) -> dict[str, Any]:
    """Return the folder the file lies in."""
    return {"folder": str(place.folder)}
