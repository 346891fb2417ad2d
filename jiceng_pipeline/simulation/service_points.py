"""服务点: halls, service stations, banks and post offices: where they stand, when they are open, who gets in."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import positions, text
from jiceng_pipeline.simulation.chance import Floats, Ints, Lots, happens
from jiceng_pipeline.simulation.positions import CITY_CODE

if TYPE_CHECKING:
    from jiceng_pipeline.simulation.city import City

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
BANKS = ("农商银行", "邮储银行", "工商银行", "农业银行", "建设银行")
RESIDENTS_PER_BANK, RESIDENTS_PER_POST_OFFICE = 5_000, 20_000


@dataclass(frozen=True)
class Kind:
    """A kind of service point; of its hours on weekdays, Saturday and Sunday one point keeps these, one those."""

    hours: tuple[tuple[str | None, str | None, str | None], ...]
    step_free: float  # share without a step


LUNCH, LATE = "08:30-11:30,14:00-17:30", "09:00-12:00,13:30-17:30"
KINDS = {
    "county_hall": Kind((("09:00-17:00", "09:00-12:00", None),), 1.0),
    "township_hall": Kind(((LUNCH, None, None), (LATE, "09:00-11:30", None)), 0.85),
    "village_station": Kind(((LUNCH, None, None), (LATE, None, None), (LUNCH, "09:00-11:30", None)), 0.6),
    "bank": Kind((("08:30-17:00", "09:00-16:00", "09:00-16:00"), ("08:30-17:00", "09:00-16:00", None)), 0.5),
    "post_office": Kind((("08:30-17:30", "09:00-16:30", "09:00-16:30"), (LUNCH, "09:00-11:30", None)), 0.5),
}


def service_points(city: "City") -> Any:
    """Return the service points of a shard's own communities; they stay where they are from day to day.

    Columns: service_point_id, kind, name, community_code, township_code, longitude, latitude, is_step_free,
    and for each day of the week `<day>_hours` as 08:30-11:30,14:00-17:30 (null: closed).
    """
    own = np.flatnonzero(np.asarray(pc.equal(city.communities["township_code"], city.shard.township)))
    kind, community, name = _listed(city, own)
    rank = _ranks(kind)
    codes = city.communities["code"].to_numpy().astype(np.int64)[community] - CITY_CODE
    place = np.array([list(KINDS).index(each) for each in kind])
    lots = Lots(codes * 10_000 + place * 1_000 + rank, city.seed, "service points")
    middles, apart = positions.communities(city.reference, city.communities["code"].to_pylist())
    where = positions.around(middles.take(community), 0.25 * apart[community], lots)
    step_free = happens(lots, len(kind), np.array([KINDS[each].step_free for each in kind]))
    return pa.table(
        {
            "service_point_id": text.join(
                kind_text := pa.array(kind), "-", text.digits(codes, 8), "-", text.number(rank)
            ),
            "kind": kind_text,
            "name": pa.array(name),
            "community_code": text.pick(city.communities["code"], community),
            "township_code": pa.repeat(city.shard.township, len(kind)),
            "longitude": where.longitude,
            "latitude": where.latitude,
            "is_step_free": pa.array(step_free),
            **_hours(kind, lots),
        }
    )


def dwellings(city: "City") -> Any:
    """Return where every dwelling stands: address, community_code, longitude, latitude."""
    middles, apart = positions.communities(city.reference, city.communities["code"].to_pylist())
    where = positions.dwellings(city, middles, apart)
    return pa.table(
        {
            "address": city.homes.standard(),
            "community_code": text.pick(city.communities["code"], city.homes.community),
            "longitude": where.longitude,
            "latitude": where.latitude,
        }
    )


def degrees(values: Floats) -> text.Text:
    """Write degrees to six digits, a tenth of a metre."""
    millionths = np.rint(values * 1_000_000).astype(np.int64)
    return text.join(text.number(millionths // 1_000_000), ".", text.digits(millionths % 1_000_000, 6))


def _listed(city: "City", own: Ints) -> tuple[list[str], Ints, list[str]]:
    """Return kind, community (row) and name of each: a station everywhere, the others here and there."""
    names = [re.sub("(居委会|村委会|村民委员会)$", "", name) for name in city.communities["name"].to_pylist()]
    codes = city.communities["code"].to_numpy().astype(np.int64)[own] - CITY_CODE
    lively = own[np.argsort(Lots(codes, city.seed, "lively").random(len(own)), kind="stable")].tolist()
    township, residents = city.shard.township, city.shard.residents
    county = f"{township[:6]}000000"
    found = [("village_station", row, f"{names[row]}便民服务站") for row in own.tolist()]
    found.append(("township_hall", lively[0], f"{city.shard.name}便民服务中心"))
    if city.reference.townships(township[:6])[0] == township:
        found.append(("county_hall", lively[0], f"{city.reference.names[county]}政务服务中心"))
    for place in range(max(1, round(residents / RESIDENTS_PER_BANK))):
        row, turn = lively[place % len(lively)], place // len(lively)
        found.append(("bank", row, f"{BANKS[(place + turn) % len(BANKS)]}{names[row]}支行"))
    for place in range(max(1, round(residents / RESIDENTS_PER_POST_OFFICE))):
        found.append(("post_office", row := lively[place % len(lively)], f"{names[row]}邮政支局"))
    kind, community, name = zip(*found, strict=True)
    return list(kind), np.array(community, np.int64), list(name)


def _ranks(kind: list[str]) -> Ints:
    """Number the points of each kind 0, 1, 2, ..."""
    seen: dict[str, int] = {}
    ranks = []
    for each in kind:
        ranks.append(seen.setdefault(each, 0))
        seen[each] += 1
    return np.array(ranks, np.int64)


def _hours(kind: list[str], lots: Lots) -> dict[str, Any]:
    """Return the opening hours of each day."""
    chosen = [
        KINDS[each].hours[int(lot * len(KINDS[each].hours))]
        for each, lot in zip(kind, lots.random(len(kind)).tolist(), strict=True)
    ]
    weekday = [hours[0] for hours in chosen]
    columns = [weekday] * 5 + [[hours[1] for hours in chosen], [hours[2] for hours in chosen]]
    return {f"{day}_hours": pa.array(hours, pa.string()) for day, hours in zip(DAYS, columns, strict=True)}
