"""市场监管 特种设备使用登记: a workbook in which codes and telephones were typed as numbers."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import text, workbook
from jiceng_pipeline.simulation.chance import Bools, Ints, Lots, choose, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.enterprise_clerk import EnterpriseClerk
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.store import Place, Records, table
from jiceng_pipeline.simulation.text import Text

SYSTEM = "market_supervision/special_equipment"
ENTITY = "equipment"
KEY = ("使用登记证编号",)
COMMUNITY = ""
RHYTHM = Rhythm(
    "month",
    hears={"opening": 0.8, "closing": 0.6},
    delay=(10, 40),
    on=20,
)

FILE, SHEET = "特种设备台账.xlsx", "在册设备"
USERS, MOST = 0.14, 4  # of the enterprises have equipment, each up to so many pieces
KINDS = {
    "电梯": ("3000", 0.42),
    "叉车": ("5000", 0.28),
    "压力容器": ("2000", 0.14),
    "锅炉": ("1000", 0.1),
    "起重机": ("4000", 0.06),
}
STATES = {"在用": 0.88, "停用": 0.08, "报废": 0.04}
OLD_CODES = 0.35  # twelve digits: what was registered before the codes had twenty
AS_NUMBERS = ("设备代码", "联系电话")


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """Lifts, boilers, vessels, cranes and forklifts of the enterprises that have any."""
    rng, count = Lots(city.enterprise_serial, city.seed, SYSTEM, "coverage"), len(city.enterprises)
    pieces = np.where(happens(rng, count, USERS), rng.integers(1, MOST + 1, count), 0)
    listed = np.repeat(np.arange(count), pieces)
    clerk = EnterpriseClerk.at_work(city, SYSTEM, rates, listed, only, copies=MOST)
    rows = clerk.rows
    kind = choose(clerk.rng("kind"), [share for _, share in KINDS.values()], len(clerk))
    last = city.start - clerk.rng("inspected").integers(5, 430, len(clerk))
    due = last + np.where(kind == 1, 365, 730 * (kind == 3) + 365 * (kind != 3))
    number = text.digits(clerk.keys(0, 10**7), 7)
    prefix = text.pick(("梯11苏F", "车11苏F", "容15苏F", "锅10苏F", "起17苏F"), kind)
    written = table(
        使用登记证编号=text.join(
            prefix, number, text.pick(("(19)", "(22)", "(25)"), clerk.rng("year").integers(0, 3, len(clerk)))
        ),
        设备种类=clerk.rubbish("设备种类", text.pick(list(KINDS), kind), ("货梯?", "其它")),
        设备代码=_codes(clerk, kind),
        使用单位=clerk.enterprise_name("使用单位"),
        统一社会信用代码=clerk.credit_code("统一社会信用代码"),
        使用地点=clerk.address("使用地点"),
        安全管理员=clerk.owner_name(),
        联系电话=clerk.phone("联系电话"),
        设备状态=text.pick(list(STATES), choose(clerk.rng("state"), list(STATES.values()), len(clerk))),
        上次检验日期=text.day(last, "%Y/%m/%d"),
        下次检验日期=clerk.rubbish("下次检验日期", text.day(due, "%Y-%m-%d"), ("2026-02-30", "见报告")),
    )
    return Records(written, city.enterprise_id.take(pa.array(rows)), tuple(clerk.marks))


def write(tables: Iterable[Any], as_of: date, place: Place) -> None:
    """Write one sheet: a title, the header, the pieces; digits alone become numbers in two columns."""
    with workbook.written(place.folder / FILE, as_of, "特种设备科") as book, book.sheet(SHEET) as sheet:
        for rows in tables:
            if not sheet.merged:
                sheet.merged.append(workbook.area(0, 0, 0, rows.num_columns - 1))
                sheet.line(["特种设备使用登记台账"], workbook.TITLE)
                sheet.line(rows.column_names)
            sheet.table(rows, AS_NUMBERS)


def connection(place: Place) -> dict[str, Any]:
    """Return the folder the workbook lies in."""
    return {"folder": str(place.folder)}


def _codes(clerk: EnterpriseClerk, kind: Ints) -> Text:
    """Return 设备代码: twelve digits or twenty; of the long ones, some were numbers to Excel and lost their end."""
    rng, count = clerk.rng("codes"), len(clerk)
    serial = text.digits(rng.integers(0, 10_000, count), 4)
    head = text.column([code for code, _ in KINDS.values()]).take(pa.array(kind))
    is_old = happens(rng, count, OLD_CODES)
    year = text.number(rng.integers(2012, 2026, count))
    month = text.digits(rng.integers(1, 13, count), 2)
    codes = text.where(
        is_old, text.join(head, "3206", serial), text.join(head, clerk.city.shard.district, year, month, serial)
    )
    lost = clerk.slips("设备代码", "number_destroyed", clerk.rates.number_destroyed * 3, ~is_old)
    as_number = text.column([repr(float(each)) for each in codes.filter(pa.array(lost)).to_pylist()])
    return text.put(codes, lost, pc.cast(as_number, pa.string()))
