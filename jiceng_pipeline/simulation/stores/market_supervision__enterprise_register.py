"""市场监管 市场主体登记: one table in a SQLite database."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from jiceng_pipeline.simulation import sqlite, text
from jiceng_pipeline.simulation.chance import Bools, Lots, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.enterprise_clerk import EnterpriseClerk
from jiceng_pipeline.simulation.enterprises import UNIFIED_CODE
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.store import Change, Place, Records, table

SYSTEM = "market_supervision/enterprise_register"
ENTITY = "enterprise"
KEY = ("PRIPID",)
COMMUNITY = "COMMUNITY"
RHYTHM = Rhythm(
    "day",
    hears={"opening": 1.0, "closing": 1.0},
    delay=(0, 2),
    merges=5,
)

FILE, TABLE, CAPITAL = "register.db", "ENT_BASE", "REGCAP"
REGISTERED = 0.97  # the others are registered elsewhere and only trade here
TYPES = ("1100", "9500", "9600")


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """Enterprises registered here, those closed or moved away included."""
    firms = city.enterprises
    registered = happens(Lots(city.enterprise_serial, city.seed, SYSTEM, "coverage"), len(firms), REGISTERED)
    clerk = EnterpriseClerk.at_work(city, SYSTEM, rates, np.flatnonzero(registered), only)
    rows, take = clerk.rows, pa.array(clerk.rows)
    community = text.pick(city.communities["code"], firms.community[rows])
    no_community = clerk.slips("COMMUNITY", "community_missing", clerk.rates.community_missing)
    old = firms.established[rows] < UNIFIED_CODE
    established = text.day(firms.established[rows])
    scope = text.pick(city.reference.trades["scope"], firms.trade[rows])
    written = table(
        UNISCID=clerk.credit_code("UNISCID"),
        REGNO=text.where(old, firms.registration_number.take(take), ""),
        ENTNAME=clerk.enterprise_name("ENTNAME"),
        ENTTYPE=clerk.rubbish("ENTTYPE", text.pick(TYPES, firms.category[rows] - 1), ("9999", "个体")),
        REGSTATE=firms.status.take(take),
        LEREP=clerk.owner_name(),
        LEREP_CERNO=clerk.owner_id("LEREP_CERNO"),
        TEL=clerk.phone("TEL"),
        DOM=clerk.address("DOM"),
        COMMUNITY=text.put(community, no_community, ""),
        REGCAP=clerk.rubbish(CAPITAL, _capital(clerk), ("壹佰", "5O")),
        ESTDATE=clerk.rubbish("ESTDATE", established, ("2021-02-30", "2019-13-05")),
        OPSCOPE=clerk.blank("OPSCOPE", scope, empty=""),
        UPDATED=text.moment(clerk.updated("UPDATED", clerk.made("phone_old"))),
        PRIPID=text.digits(clerk.keys(10**15, 10**16), 16),
    )
    return Records(written, city.enterprise_id.take(take), tuple(clerk.marks))


def write(tables: Iterable[Any], _: date, place: Place) -> None:
    """Write the database file anew: every column TEXT but the capital."""
    sqlite.write(place.folder / FILE, TABLE, tables, {CAPITAL: "REAL"}, index=KEY)


def revise(change: Change, _: date, place: Place, heading: Mapping[str, str]) -> None:
    """Change enterprises in place; a column may have another name for some days."""
    sqlite.revise(place.folder / FILE, TABLE, KEY, change, heading)


def connection(place: Place) -> dict[str, Any]:
    """Return the database file."""
    return {"file": str(place.folder / FILE)}


def _capital(clerk: EnterpriseClerk) -> Any:
    """Return 注册资本 in 万元 as text; SQLite stores it as a number."""
    tenths = np.round(clerk.city.enterprises.capital_wan[clerk.rows] * 10).astype(np.int64)
    return text.join(text.number(tenths // 10), ".", text.number(tenths % 10))
