"""政务服务 服务网点: JSON, one point a line: where it stands, when it is open, what it does not do."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from jiceng_pipeline.simulation import json_text, text
from jiceng_pipeline.simulation.chance import Bools, Lots, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.positions import CITY_CODE
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.service_points import degrees, service_points
from jiceng_pipeline.simulation.store import Mark, Place, Records, batches, table, whole
from jiceng_pipeline.simulation.text import Text

SYSTEM = "government_services/service_point"
ENTITY = "service_point"
KEY = ("id",)
COMMUNITY = "community"
RHYTHM = Rhythm(
    "week",
    hears={},  # points stay where they are; only communities get new names
    delay=(0, 0),
    merges=7,
)

FILE = "points.jsonl"
KINDS = {
    "county_hall": "区县政务服务中心",
    "township_hall": "镇街便民服务中心",
    "village_station": "村社区便民服务站",
    "bank": "银行网点",
    "post_office": "邮政网点",
}
NO_HELPER = 0.15  # of the stations have nobody who goes for others
NO_MACHINE = 0.1  # of the banks take no social security business
UNSURVEYED = 0.01
HELPED = "disability_certificate,medical_insurance_remote_care"
OF_MACHINES = "social_insurance_card,pension_qualification"


def records(city: City, _: Rates, only: Bools | None = None) -> Records:
    """Every point of the township's own communities; a few were never surveyed and have no coordinates."""
    points = service_points(city)
    if only is not None:  # nothing is heard of people here
        points = points.slice(0, 0)
    kind, place = points["kind"].combine_chunks(), np.arange(points.num_rows)
    codes = points["community_code"].to_numpy(zero_copy_only=False).astype(np.int64) - CITY_CODE
    ranks = np.array([list(KINDS).index(each) for each in kind.to_pylist()], np.int64)
    lots = Lots(codes * 10_000 + ranks * 1_000 + place, city.seed, SYSTEM)
    unsurveyed = happens(lots, points.num_rows, UNSURVEYED)
    lot = lots.random(points.num_rows)
    lacking = np.select([(ranks == 2) & (lot < NO_HELPER), (ranks == 3) & (lot < NO_MACHINE)], [1, 2], 0)
    where = (degrees(points[name].to_numpy()) for name in ("longitude", "latitude"))
    lon, lat = (text.where(unsurveyed, None, each) for each in where)
    written = table(
        id=points["service_point_id"].combine_chunks(),
        name=points["name"].combine_chunks(),
        kind=text.pick(list(KINDS.values()), ranks),
        community=points["community_code"].combine_chunks(),
        lon=lon,
        lat=lat,
        stepFree=text.where(points["is_step_free"].to_numpy(zero_copy_only=False), "是", "否"),
        openingHours=pa.array([_hours(row) for row in points.to_pylist()], pa.string()),
        notHandled=text.pick(["", HELPED, OF_MACHINES], lacking),
    )
    marks = tuple(Mark(column, "cell_missing", unsurveyed) for column in ("lon", "lat"))
    return Records(written, points["service_point_id"].combine_chunks(), marks)


def _hours(day: dict[str, str | None]) -> str:
    """Write hours as OpenStreetMap does: Mo-Fr 08:30-11:30,14:00-17:30; Sa 09:00-11:30."""
    weekday, saturday, sunday = (day[f"{name}_hours"] for name in ("monday", "saturday", "sunday"))
    if saturday and saturday == sunday:
        return f"Mo-Fr {weekday}; Sa-Su {saturday}"
    parts = (("Mo-Fr", weekday), ("Sa", saturday), ("Su", sunday))
    return "; ".join(f"{name} {hours}" for name, hours in parts if hours)


def write(tables: Iterable[Any], _: date, place: Place) -> None:
    """Write one object a line; where a point stands is an object of its own."""
    with whole(place.folder / FILE) as draft, draft.open("wb") as out:
        for rows in batches(tables):
            out.write(json_text.lines(_points(rows)))


def _points(rows: Any) -> Text:
    location = json_text.objects(rows.select(["lon", "lat"]), bare=("lon", "lat"))
    flat = rows.drop_columns(["lon", "lat"]).append_column("location", pa.chunked_array([location]))
    return json_text.objects(flat, bare=("location",))


def connection(place: Place) -> dict[str, Any]:
    """Return the folder the file lies in."""
    return {"folder": str(place.folder)}
