"""城管 城市管理案件: JSON, one case a line, the place and the reporter nested in it."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from jiceng_pipeline.simulation import json_text, text
from jiceng_pipeline.simulation.chance import Bools, choose, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.store import Place, Records, table, whole

SYSTEM = "urban_management/city_case"
ENTITY = "city_case"
KEY = ("caseNo",)

FILE = "cases.jsonl"
REPORTS = (0.044, 0.005, 0.001)  # of the grown, who report one case a year, a second, a third
CATEGORIES = (
    ("市容环境", "暴露垃圾", 0.24), ("市容环境", "占道堆物", 0.16), ("街面秩序", "无照经营游商", 0.14),
    ("街面秩序", "机动车乱停放", 0.2), ("公用设施", "井盖破损", 0.08), ("公用设施", "路灯不亮", 0.08),
    ("宣传广告", "非法小广告", 0.06), ("突发事件", "道路积水", 0.04),
)  # fmt: skip
SOURCES = {"12345": 0.5, "grid": 0.25, "inspector": 0.2, "video": 0.05}
DAY = 86_400


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """Cases of the last year, each reported by somebody who lives here; a quarter left no name."""
    rng, count = city.lots(SYSTEM, "coverage"), len(city.people)
    lot = np.where((city.age > 18) & city.is_alive, rng.random(count), 1.0)
    listed = np.repeat(np.arange(count), np.searchsorted(-np.array(REPORTS), -lot, side="right"))
    clerk = ResidentClerk.at_work(city, SYSTEM, rates, listed, only, copies=len(REPORTS))
    rows = clerk.rows
    category = choose(clerk.rng("category"), [share for *_, share in CATEGORIES], len(clerk))
    opened = city.today.astype("datetime64[s]") - clerk.rng("opened").integers(DAY, 365 * DAY, len(clerk))
    closed = opened + clerk.rng("closed").integers(DAY // 24, 12 * DAY, len(clerk))
    is_open = closed >= city.today
    nameless = happens(clerk.rng("nameless"), len(clerk), 0.25)
    state = text.where(is_open, text.where(opened > closed - 2 * DAY, "accepted", "handling"), "closed")
    written = table(
        caseNo=text.join("CG2026", text.digits(clerk.keys(0, 10**8), 8)),
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


def write(records: Records, _: date, place: Place) -> None:
    """Write one object a line: location and reporter are objects of their own."""
    rows = records.table
    location = json_text.objects(rows.select(["address", "community"]))
    reporter = json_text.objects(rows.select(["reporter", "reporterPhone"]).rename_columns(["name", "phone"]))
    category = json_text.objects(rows.select(["big", "small"]))
    flat = rows.select(["caseNo", "source", "openedAt", "closedAt", "status"])
    for name, values in (("category", category), ("location", location), ("reporter", reporter)):
        flat = flat.append_column(name, pa.chunked_array([values]))
    lines = json_text.objects(flat, bare=("category", "location", "reporter"))
    with whole(place.folder / FILE) as draft:
        draft.write_bytes("".join(f"{line}\n" for line in lines.to_pylist()).encode())


def connection(place: Place) -> dict[str, Any]:
    """Return the folder the file lies in."""
    return {"folder": str(place.folder)}
