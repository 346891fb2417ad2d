"""住建 不动产登记: a CSV with a byte order mark, one row an owner, remarks of several lines."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import delimited, family_names, positions, text
from jiceng_pipeline.simulation.chance import Bools, Lots, choose, happens, permuted
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.families import SPOUSE
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.service_points import degrees
from jiceng_pipeline.simulation.store import Place, Records, table
from jiceng_pipeline.simulation.text import Text

SYSTEM = "housing/property_register"
ENTITY = "resident"
KEY = ("不动产权证号",)
COMMUNITY = ""
RHYTHM = Rhythm(
    "week",
    hears={"sale": 1.0, "purchase": 1.0},
    delay=(1, 5),
    on=2,
)

FILE = "不动产登记.csv"
REGISTERED, SHARED = 0.8, 0.5  # of the dwellings that are owned; of those, with the spouse
SURVEYED = 0.97  # of the records have coordinates
USES = {"住宅": 0.9, "成套住宅": 0.06, "商业": 0.03, "车库": 0.01}
REMARKS = (
    "",
    "",
    "",
    "抵押：已注销",
    "夫妻共同共有，\n各占50%",
    '原证遗失，\n"旧证作废"声明已登报',
    "继承，\n公证书另附",
    "预告登记转本登记",
)


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """The owners of the registered dwellings, husband and wife with a certificate each."""
    rng, count = Lots(city.dwelling_serial, city.seed, SYSTEM, "coverage"), len(city.homes)
    mine = np.flatnonzero((city.owner >= 0) & happens(rng, count, REGISTERED))
    spouse = family_names.row_of(city.people.household, city.people.slot, SPOUSE)[city.owner[mine]]
    both = (spouse >= 0) & happens(rng, count, SHARED)[mine]
    owner, dwelling = np.r_[city.owner[mine], spouse[both]], np.r_[mine, mine[both]]
    # of a dwelling: the spouse's certificate, and, every second time it is sold, the other pair of numbers
    serials = city.dwelling_serial[dwelling] * 4 + city.settled.sales[dwelling] % 2 * 2
    serials += np.arange(len(owner)) >= len(mine)
    clerk = ResidentClerk.at_work(city, SYSTEM, rates, owner, only, serials)
    of_dwelling = clerk.serials // 8
    dwelling = np.searchsorted(city.dwelling_serial, of_dwelling)
    is_shared = np.isin(dwelling, mine[both])
    unit = permuted(of_dwelling, 10**7, city.seed, SYSTEM, "units")
    where = positions.dwellings(city, *positions.communities(city.reference, city.communities["code"].to_pylist()))
    where, is_surveyed = where.take(dwelling), happens(clerk.rng("surveyed"), len(clerk), SURVEYED)
    registered = city.start - clerk.rng("registered").integers(30, 25 * 365, len(clerk))
    area = Lots(of_dwelling, city.seed, SYSTEM, "areas").normal(92, 26, len(clerk)).clip(28, 260)
    hundredths = (area * 100).astype(np.int64)
    serial = text.digits(clerk.keys(0, 10**8), 8)
    year = text.day(registered, "%Y")
    written = table(
        不动产权证号=text.join("苏(", year, ")南通市不动产权第", serial, "号"),
        不动产单元号=text.join(
            _plot(city, dwelling), "GB", text.digits(unit // 100, 5), "F", text.digits(unit % 100 * 10_000, 8)
        ),
        坐落=city.homes.written(dwelling, *clerk.address_habits("坐落")),
        经度=clerk.rubbish("经度", text.where(is_surveyed, degrees(where.longitude), ""), ("0", "120°52′")),
        纬度=text.where(is_surveyed, degrees(where.latitude), ""),
        建筑面积=clerk.rubbish(
            "建筑面积",
            text.join(text.number(hundredths // 100), ".", text.digits(hundredths % 100, 2)),
            ("约90", "8O.5"),
        ),
        规划用途=clerk.rubbish(
            "规划用途",
            text.pick(list(USES), choose(clerk.rng("use"), list(USES.values()), len(clerk))),
            ("其它?", "见附图"),
        ),
        权利人=clerk.name("权利人"),
        证件号码=pc.fill_null(clerk.citizen_id("证件号码"), ""),
        联系电话=clerk.phone("联系电话", empty=""),
        共有情况=text.where(is_shared, "共同共有", "单独所有"),
        登记时间=text.day(registered, "%Y-%m-%d"),
        备注=_remarks(clerk),
    )
    return Records(written, city.person_id.take(pa.array(clerk.rows)), tuple(clerk.marks))


def write(tables: Iterable[Any], _: date, place: Place) -> None:
    """Write the export."""
    delimited.write(place.folder / FILE, tables, ",", "utf-8-sig", end="\r\n")


def connection(place: Place) -> dict[str, Any]:
    """Return the folder the export lies in."""
    return {"folder": str(place.folder)}


def _plot(city: City, dwelling: Any) -> Text:
    """Return the first twelve digits of a unit's number: those of the community it lies in."""
    return text.pick(city.communities["code"], city.homes.community[dwelling])


def _remarks(clerk: ResidentClerk) -> Text:
    return text.pick(REMARKS, clerk.rng("remarks").integers(0, len(REMARKS), len(clerk)))
