"""民政 低保对象台账: a workbook with merged titles and one sheet per township, kept by hand."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import text, workbook
from jiceng_pipeline.simulation.chance import Bools, Ints, choose, permuted
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.store import Place, Records, numbered, table
from jiceng_pipeline.simulation.text import Text

SYSTEM = "civil_affairs/subsistence_allowance"
ENTITY = "resident"
KEY = ("低保证号", "姓名", "身份证号")
COMMUNITY = "所属社区"
RHYTHM = Rhythm(
    "month",
    hears={
        "allowance_granted": 1.0, "allowance_ended": 1.0, "death": 1.0, "departure": 1.0, "move": 0.8, "household": 0.8,
        "phone": 0.5,
    },
    delay=(2, 15),
    on=5, merges=0,
)  # fmt: skip

FILE = "低保对象台账.xlsx"
HEADER = (
    "序号", "所属社区", "低保证号", "姓名", "性别", "身份证号", "与申请人关系", "家庭人口",
    "家庭住址", "联系电话", "类别", "月保障金额", "享受起始年月", "备注",
)  # fmt: skip
AMOUNT = "月保障金额"
SHEET = "乡镇街道"  # no column of a sheet, but its name
RELATION = {
    "02": "本人",
    "28": "其他",
    "38": "其他",
    "11": "丈夫",
    "12": "妻子",
    "51": "父亲",
    "52": "母亲",
    "41": "孙子",
    "42": "孙女",
}
BY_FIRST_DIGIT = {"2": "儿子", "3": "女儿"}
REMARKS = {"": 0.7, "残疾": 0.12, "重病": 0.12, "单亲家庭": 0.06}


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """The members of poor households where they live, a family's rows together."""
    listed = city.settled.on_allowance & city.is_alive & ~city.lives_apart
    members = np.bincount(city.people.household[listed], minlength=city.people.household.max() + 1)
    clerk = ResidentClerk.at_work(city, SYSTEM, rates, np.flatnonzero(listed), only)
    certificate, sheet = _certificates(city, clerk), _sheets(city, clerk)
    order = np.lexsort((city.people.slot[clerk.rows], certificate, sheet))
    clerk.arrange(order)
    certificate, sheet = certificate[order], sheet[order]
    people, rows, home = city.people, clerk.rows, city.dwelling[clerk.rows]
    township = city.communities["township_code"].combine_chunks()
    amounts = text.number(clerk.rng("amounts").integers(26, 105, len(rows)) * 10)
    written = table(
        序号=text.number(np.arange(len(rows)) - np.searchsorted(sheet, sheet) + 1),
        所属社区=clerk.community("所属社区", home, "short", empty=""),
        低保证号=text.join(pc.utf8_slice_codeunits(text.pick(township, sheet), 0, 9), text.digits(certificate, 7)),
        姓名=clerk.name("姓名"),
        性别=clerk.blank("性别", text.pick(("女", "男"), people.male[rows].astype(np.int64)), empty=""),
        身份证号=pc.fill_null(clerk.citizen_id("身份证号"), ""),
        与申请人关系=text.translate(people.relation.take(pa.array(rows)), _relation),
        家庭人口=text.number(members[people.household[rows]]),
        家庭住址=clerk.address("家庭住址", home, empty=""),
        联系电话=clerk.phone("联系电话", empty=""),
        类别=clerk.rubbish("类别", _categories(clerk), ("三无人员", "定补")),
        月保障金额=clerk.rubbish("月保障金额", amounts, ("4l0", "约600")),
        享受起始年月=_since(city, clerk),
        备注=text.pick(list(REMARKS), choose(clerk.rng("remarks"), list(REMARKS.values()), len(rows))),
        乡镇街道=text.pick(city.communities["township"], sheet),
    )
    return Records(written, city.person_id.take(pa.array(rows)), tuple(clerk.marks))


def arranged(rows: Any) -> Any:
    """Return a township's rows as the book has them: a family together, where somebody was added or left."""
    return numbered(rows, SHEET, "低保证号")


def write(tables: Iterable[Any], as_of: date, place: Place) -> None:
    """Write one sheet a township: two title rows, the header, the people, a total and a signature."""
    with workbook.written(place.folder / FILE, as_of, "民政办") as book:
        for township, rows in workbook.sheets_of(tables, SHEET).items():
            with book.sheet(township) as sheet:
                _write_sheet(sheet, township, rows, as_of)


def connection(place: Place) -> dict[str, Any]:
    """Return the folder the workbook lies in."""
    return {"folder": str(place.folder)}


def _certificates(city: City, clerk: ResidentClerk) -> Ints:
    """Return a number for each family; who is registered twice stands on a second one."""
    serials = city.household_serial[clerk.rows] * 2 + clerk.made("registered_twice")
    return permuted(serials, 10**7, city.seed, SYSTEM, "certificates")


def _sheets(city: City, clerk: ResidentClerk) -> Ints:
    """Return the first community, as a row, of the township whose sheet a record stands on."""
    codes = city.communities["township_code"].combine_chunks()
    first: Ints = pc.index_in(codes, codes).to_numpy().astype(np.int64)
    result: Ints = first[city.homes.community[city.dwelling[clerk.rows]]]
    return result


def _relation(code: str) -> str:
    return RELATION.get(code) or BY_FIRST_DIGIT.get(code[0], "其他")


def _categories(clerk: ResidentClerk) -> Text:
    return text.pick(("城市低保", "城市", "农村低保"), choose(clerk.rng("category"), [0.8, 0.17, 0.03], len(clerk)))


def _since(city: City, clerk: ResidentClerk) -> Text:
    """Write the month the allowance began in one of three habits: 2023.05, 2023年5月, 2023-05."""
    rng, count = clerk.rng("since"), len(clerk)
    before = city.start.astype("datetime64[M]").astype(np.int64) - rng.integers(1, 96, count)
    since = city.settled.allowance_since[clerk.rows]
    months = np.where(np.isnat(since), before, since.astype("datetime64[M]").astype(np.int64))
    year, month = 1970 + months // 12, months % 12 + 1
    habit = choose(rng, [0.5, 0.25, 0.25], count)
    dotted = text.join(text.number(year), ".", text.digits(month, 2))
    dashed = text.join(text.number(year), "-", text.digits(month, 2))
    spoken = text.join(text.number(year), "年", text.number(month), "月")
    return text.where(habit == 0, dotted, text.where(habit == 1, spoken, dashed))


def _write_sheet(sheet: workbook.Sheet, township: str, rows: Any, as_of: date) -> None:
    last, amount = len(HEADER) - 1, HEADER.index(AMOUNT)
    sheet.merged += [workbook.area(row, 0, row, last) for row in (0, 1)]
    sheet.line([f"{township}最低生活保障对象台账"], workbook.TITLE)
    sheet.line([f"填报单位：{township}民政办    填报日期：{as_of:%Y.%m.%d}"], workbook.TITLE)
    sheet.line(HEADER, workbook.TITLE)
    number = text.number(np.arange(1, rows.num_rows + 1))
    sheet.table(rows.select(HEADER).set_column(0, HEADER[0], number), (AMOUNT,))
    amounts = [int(value) for value in rows[AMOUNT].to_pylist() if value.isdigit()]
    sheet.line([f"合计：{rows.num_rows}人", *[None] * (amount - 1), sum(amounts)])
    sheet.line(["制表人：社会救助窗口"])
