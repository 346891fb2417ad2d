"""民政 低保对象台账: a workbook with merged titles and one sheet per township, kept by hand."""

from datetime import date, datetime, time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools, Ints, Lots, choose, permuted
from jiceng_pipeline.simulation.city import NEIGHBOURS, City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.families import HEAD
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.settlement import AWAY, LOCAL
from jiceng_pipeline.simulation.store import Place, Records, table, whole
from jiceng_pipeline.simulation.text import Text

SYSTEM = "civil_affairs/subsistence_allowance"
ENTITY = "resident"
KEY = ("低保证号", "姓名", "身份证号")

FILE = "低保对象台账.xlsx"
ON_ALLOWANCE = 0.015  # of the households
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
    listed = _on_allowance(city)
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


def write(records: Records, as_of: date, place: Place) -> None:
    """Write one sheet a township: two title rows, the header, the people, a total and a signature."""
    created = datetime.combine(as_of, time(8))
    with whole(place.folder / FILE) as draft:
        options = {"constant_memory": False, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(draft), options) as book:
            book.set_properties({"created": created, "author": "民政办"})
            formats = [book.add_format(each) for each in ({"bold": True, "align": "center"}, {"num_format": "@"})]
            for township in pc.unique(records.table[SHEET]).to_pylist():
                of_sheet = records.table.filter(pc.equal(records.table[SHEET], township))
                _write_sheet(book.add_worksheet(township), township, of_sheet, as_of, *formats)


def connection(place: Place) -> dict[str, Any]:
    """Return the folder the workbook lies in."""
    return {"folder": str(place.folder)}


def _on_allowance(city: City) -> Bools:
    """Return the living members of the poor households, among them at least two of a neighbouring street."""
    household = city.people.household
    lot = Lots(city.household_serial, city.seed, SYSTEM, "coverage").random(len(household))
    is_head = city.people.slot == HEAD
    near = city.communities["township_code"].to_numpy()[city.homes.community[city.dwelling]] == NEIGHBOURS[0]
    poor = np.zeros(household.max() + 1, np.bool_)
    wanted = max(12, round(len(poor) * ON_ALLOWANCE))
    groups = ((city.situation == LOCAL, wanted), ((city.situation == AWAY) & near, max(2, wanted // 20)))
    for mask, count in groups:
        heads = np.flatnonzero(is_head & mask & city.is_alive & ~city.lives_apart)
        poor[household[heads[np.argsort(lot[heads], kind="stable")[:count]]]] = True
    return poor[household] & city.is_alive & ~city.lives_apart


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
    months = city.today.astype("datetime64[M]").astype(np.int64) - rng.integers(1, 96, count)
    year, month = 1970 + months // 12, months % 12 + 1
    habit = choose(rng, [0.5, 0.25, 0.25], count)
    dotted = text.join(text.number(year), ".", text.digits(month, 2))
    dashed = text.join(text.number(year), "-", text.digits(month, 2))
    spoken = text.join(text.number(year), "年", text.number(month), "月")
    return text.where(habit == 0, dotted, text.where(habit == 1, spoken, dashed))


def _write_sheet(sheet: Any, township: str, rows: Any, as_of: date, title: Any, plain: Any) -> None:
    last = len(HEADER) - 1
    sheet.merge_range(0, 0, 0, last, f"{township}最低生活保障对象台账", title)
    sheet.merge_range(1, 0, 1, last, f"填报单位：{township}民政办    填报日期：{as_of:%Y.%m.%d}", title)
    sheet.write_row(2, 0, HEADER, title)
    for column, name in enumerate(HEADER):
        values = rows[name].to_pylist()
        if name == AMOUNT:
            values = [float(value) if value.isdigit() else value for value in values]
            sheet.write_column(3, column, values)
        else:
            for row, value in enumerate(values):
                sheet.write_string(3 + row, column, value, plain)
    amounts = [int(value) for value in rows[AMOUNT].to_pylist() if value.isdigit()]
    end = 3 + rows.num_rows
    sheet.write_string(end, 0, f"合计：{rows.num_rows}人")
    sheet.write_number(end, HEADER.index(AMOUNT), sum(amounts))
    sheet.write_string(end + 1, 0, "制表人：社会救助窗口")
    sheet.set_column(0, last, 14)
