"""教育 学生花名册: a workbook, a sheet for each school, a header of two rows with merged cells."""

from datetime import date, datetime, time
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter

from jiceng_pipeline.simulation import family_names, text
from jiceng_pipeline.simulation.chance import Bools, Ints, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.families import CHILD, CHILD_IN_LAW, GRANDCHILD, HEAD, SPOUSE
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.store import Place, Records, table, whole

SYSTEM = "education/student_roster"
ENTITY = "resident"
KEY = ("学籍/学籍号",)

FILE, SHEET = "学生花名册.xlsx", "学校"
AT_SCHOOL = 0.93
STAGES = (  # from which age, how many schools, their names, the names of their years
    (3, ("虹桥幼儿园", "虹东幼儿园", "新桥幼儿园"), ("小班", "中班", "大班")),
    (6, ("虹桥小学", "跃龙小学", "城西小学"), ("一年级", "二年级", "三年级", "四年级", "五年级", "六年级")),
    (12, ("虹桥第二中学", "跃龙中学"), ("七年级", "八年级", "九年级")),
    (15, ("濠西中学", "职业技术学校"), ("高一", "高二", "高三")),
)
OLDEST = 18
COLUMNS = (
    "序号", "学生/姓名", "学生/性别", "学生/身份证件号", "学生/出生日期", "学生/民族", "学籍/学籍号",
    "学籍/年级", "学籍/班级", "家庭/现住址", "家庭/所属社区", "监护人/姓名", "监护人/联系电话",
)  # fmt: skip


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """Children of three to seventeen in the school of their stage, a school's pupils together."""
    rng, count = city.lots(SYSTEM, "coverage"), len(city.people)
    of_age = (city.age >= STAGES[0][0]) & (city.age < OLDEST) & city.is_alive
    clerk = ResidentClerk.at_work(city, SYSTEM, rates, np.flatnonzero(of_age & happens(rng, count, AT_SCHOOL)), only)
    school, _ = _places(city, clerk)
    clerk.arrange(np.argsort(school, kind="stable"))
    school, grade = _places(city, clerk)
    people, rows, home = city.people, clerk.rows, city.dwelling[clerk.rows]
    guardian = _guardians(city)[rows]
    birth = text.day(clerk.birth_date("学生/出生日期"))
    columns = (
        text.number(np.arange(len(clerk)) - np.searchsorted(school, school) + 1),
        clerk.name("学生/姓名"),
        clerk.blank("学生/性别", text.pick(("女", "男"), people.male[rows].astype(np.int64)), empty=""),
        pc.fill_null(clerk.citizen_id("学生/身份证件号"), ""),
        clerk.rubbish("学生/出生日期", birth, ("2015-02-30", "2013.13.01")),
        clerk.rubbish(
            "学生/民族", text.translate(people.ethnic_group.take(pa.array(rows)), _group), ("汉子族", "中国")
        ),
        text.join("3206", text.digits(clerk.keys(10**9, 10**10), 10)),
        text.pick([year for *_, years in STAGES for year in years], grade),
        text.join(text.number(clerk.rng("class").integers(1, 9, len(clerk))), "班"),
        clerk.address("家庭/现住址", home, empty=""),
        clerk.community("家庭/所属社区", home, "short", empty=""),
        text.pick(city.names, guardian),
        text.pick(people.phone, guardian),
    )
    names = [name for _, schools, _ in STAGES for name in schools]
    written = table(**dict(zip(COLUMNS, columns, strict=True)), **{SHEET: text.pick(names, school)})
    return Records(written, city.person_id.take(pa.array(rows)), tuple(clerk.marks))


def write(records: Records, as_of: date, place: Place) -> None:
    """Write a sheet a school: title, header of two rows, pupils."""
    with whole(place.folder / FILE) as draft, xlsxwriter.Workbook(str(draft), {"strings_to_urls": False}) as book:
        book.set_properties({"created": datetime.combine(as_of, time(8)), "author": "学籍管理"})
        middle = book.add_format({"bold": True, "align": "center", "valign": "vcenter"})
        for school in pc.unique(records.table[SHEET]).to_pylist():
            of_school = records.table.filter(pc.equal(records.table[SHEET], school))
            _write_sheet(book.add_worksheet(school), f"{school}学生花名册", of_school, middle)


def connection(place: Place) -> dict[str, Any]:
    """Return the folder the workbook lies in."""
    return {"folder": str(place.folder)}


def _places(city: City, clerk: ResidentClerk) -> tuple[Ints, Ints]:
    """Return each pupil's school and year, counted through all stages; the school is the nearest one."""
    age, community = city.age[clerk.rows], city.homes.community[city.dwelling[clerk.rows]]
    school, grade = np.zeros(len(clerk), np.int64), np.zeros(len(clerk), np.int64)
    schools = years = 0
    for start, names, grades in STAGES:
        here = (age >= start) & (age < start + len(grades))
        school[here] = schools + community[here] % len(names)
        grade[here] = years + (age[here] - start).astype(np.int64)
        schools, years = schools + len(names), years + len(grades)
    return school, grade


def _guardians(city: City) -> Ints:
    """Return for everybody the row of a parent in the household, else of its head."""
    people, whose = city.people, city.people.household
    head, spouse = (family_names.row_of(whose, people.slot, slot) for slot in (HEAD, SPOUSE))
    child, in_law = (family_names.row_of(whose, people.slot, slot) for slot in (CHILD, CHILD_IN_LAW))
    first = happens(city.lots(SYSTEM, "guardians"), len(whose), 0.5)
    parent = np.where(first | (spouse < 0), head, spouse)
    of_grandchild = np.where(first | (in_law < 0), child, in_law)
    result: Ints = np.where(people.slot == GRANDCHILD, of_grandchild, parent)
    return result


def _group(code: str) -> str:
    return {
        "01": "汉族",
        "03": "回族",
        "05": "维吾尔族",
        "06": "苗族",
        "07": "彝族",
        "08": "壮族",
        "11": "满族",
        "15": "土家族",
    }[code]


def _write_sheet(sheet: Any, title: str, rows: Any, middle: Any) -> None:
    sheet.merge_range(0, 0, 0, len(COLUMNS) - 1, title, middle)
    place = 0
    for group, names in groupby(COLUMNS, lambda name: name.partition("/")[0]):
        parts = [name.partition("/")[2] for name in names]
        if parts == [""]:
            sheet.merge_range(1, place, 2, place, group, middle)
        else:
            sheet.merge_range(1, place, 1, place + len(parts) - 1, group, middle)
            sheet.write_row(2, place, parts, middle)
        place += len(parts)
    for column, name in enumerate(COLUMNS):
        for row, value in enumerate(rows[name].to_pylist(), start=3):
            sheet.write_string(row, column, value)
