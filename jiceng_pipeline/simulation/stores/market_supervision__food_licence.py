"""市场监管 食品经营许可: an XML export of a system that does not know the enterprise register."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import identifiers, text
from jiceng_pipeline.simulation.chance import Bools, Days, Ints, Lots, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.enterprise_clerk import EnterpriseClerk
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.store import Place, Records, batches, table, whole
from jiceng_pipeline.simulation.text import Text

SYSTEM = "market_supervision/food_licence"
ENTITY = "enterprise"
KEY = ("licence_no",)
COMMUNITY = ""
RHYTHM = Rhythm(
    "week",
    hears={"opening": 1.0, "closing": 0.3},
    delay=(5, 25),
    on=0,
)

FILE = "食品经营许可导出.xml"
LICENSED, SECOND_LICENCE = 0.9, 0.04  # of the food businesses
CATEGORIES = ("食品销售经营者", "餐饮服务经营者", "单位食堂")
YEARS = 5
ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))
ELEMENTS = (  # text between the columns, as the export has them
    ('<licence updated="', "updated"),
    ('">\n  <no>', "licence_no"),
    ("</no>\n  <subject>\n   <name>", "subject"),
    ("</name>\n   <creditCode>", "credit_code"),
    ("</creditCode>\n   <principal>", "principal"),
    ("</principal>\n   <principalId>", "principal_id"),
    ("</principalId>\n   <tel>", "phone"),
    ("</tel>\n  </subject>\n  <address>", "address"),
    ("</address>\n  <category>", "category"),
    ("</category>\n  <validFrom>", "issued"),
    ("</validFrom>\n  <validTo>", "expires"),
    ("</validTo>\n  <status>", "status"),
)
LICENCE_END = "</status>\n </licence>\n"


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """Licences of the food businesses, two for some; those of closed shops still stand."""
    firms, rng = city.enterprises, Lots(city.enterprise_serial, city.seed, SYSTEM, "coverage")
    food = city.reference.trades["food_code"].to_numpy()[firms.trade]
    licensed = (food != "") & happens(rng, len(firms), LICENSED)
    second = licensed & happens(rng, len(firms), SECOND_LICENCE)
    listed = np.r_[np.flatnonzero(licensed), np.flatnonzero(second)]
    clerk = EnterpriseClerk.at_work(city, SYSTEM, rates, listed, only, copies=2)
    rows = clerk.rows
    kind = pc.cast(text.column(food[rows]), pa.int64()).to_numpy()
    issued = _issued(city, clerk)
    expires = issued + int(YEARS * 365.25) - 1
    status = text.where(expires < city.today, "过期", "有效")
    written = table(
        licence_no=_licence_numbers(kind, clerk),
        subject=clerk.enterprise_name("subject"),
        credit_code=clerk.credit_code("credit_code"),
        principal=clerk.owner_name(),
        principal_id=clerk.owner_id("principal_id"),
        phone=clerk.phone("phone"),
        address=clerk.address("address"),
        category=clerk.rubbish("category", text.pick(CATEGORIES, kind - 1), ("流动摊贩", "小作坊")),
        issued=text.day(issued),
        expires=clerk.rubbish("expires", text.day(expires), ("2026-02-30", "长期")),
        updated=text.day(np.minimum(issued + clerk.rng("updated").integers(0, 400, len(clerk)), city.today)),
        status=status,
    )
    return Records(written, city.enterprise_id.take(pa.array(rows)), tuple(clerk.marks))


def write(tables: Iterable[Any], as_of: date, place: Place) -> None:
    """Write the export."""
    with whole(place.folder / FILE) as draft, draft.open("w", encoding="utf-8", newline="\n") as out:
        out.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<licences exported="{as_of}">\n')
        for rows in batches(tables):
            out.write("".join(_licences(rows).to_pylist()))
        out.write("</licences>\n")


def connection(place: Place) -> dict[str, Any]:
    """Return the folder of the export."""
    return {"folder": str(place.folder)}


def _issued(city: City, clerk: EnterpriseClerk) -> Days:
    """Draw days of issue: after the shop was founded, and mostly within the five years a licence lasts."""
    founded = city.enterprises.established[clerk.rows]
    days = clerk.rng("issued").integers(3, int(YEARS * 365.25 * 1.1), len(clerk))
    earlier = np.maximum(city.start - days, np.minimum(founded + 20, city.start - 1))
    result: Days = np.where(founded < city.start, earlier, founded + 1)
    return result


def _licence_numbers(kind: Ints, clerk: EnterpriseClerk) -> Text:
    """Return JY + kind + 320613 + serial + check digit (GB/T 17710)."""
    serial = clerk.keys(0, 10**9)
    body = kind * 10**12 + 3206 * 10**8 + serial
    return text.join("JY", text.number(body), text.number(identifiers.closing_digit(body, 13)))


def _licences(columns: Any) -> Text:
    parts: list[Any] = []
    for before, name in ELEMENTS:
        values = columns[name].combine_chunks()
        for raw, entity in ENTITIES:
            values = pc.replace_substring(values, raw, entity)
        parts += [before, values]
    return text.join(" ", *parts, LICENCE_END)
