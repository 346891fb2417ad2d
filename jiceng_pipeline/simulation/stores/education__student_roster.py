"""教育 学生花名册: a workbook, a sheet for each school, a header of two rows with merged cells."""

import re
from collections.abc import Iterable
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import family_names, text, workbook
from jiceng_pipeline.simulation.chance import Bools, Ints, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.families import CHILD, CHILD_IN_LAW, GRANDCHILD, HEAD, SPOUSE
from jiceng_pipeline.simulation.reference import STREET
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.store import Place, Records, district_of, numbered, table

SYSTEM = "education/student_roster"
ENTITY = "resident"
KEY = ("学籍/学籍号",)
COMMUNITY = "家庭/所属社区"
RHYTHM = Rhythm(
    "year",
    hears={"schooling": 1.0, "departure": 1.0, "arrival": 1.0, "move": 0.7, "phone": 0.5},
    delay=(1, 20),
    on=258,
    merges=0,
)

FILE, SHEET = "学生花名册_{}.xlsx", "学校"
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
    schools = _schools(city)
    school, _ = _places(city, clerk, schools)
    clerk.arrange(np.argsort(school, kind="stable"))
    school, grade = _places(city, clerk, schools)
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
    names = [name for of_stage in schools for name in of_stage]
    written = table(**dict(zip(COLUMNS, columns, strict=True)), **{SHEET: text.pick(names, school)})
    return Records(written, city.person_id.take(pa.array(rows)), tuple(clerk.marks))


def arranged(rows: Any) -> Any:
    """Return a township's rows as the book has them: a school together, where a pupil was added or left."""
    return numbered(rows, SHEET, SHEET)


def write(tables: Iterable[Any], as_of: date, place: Place) -> None:
    """Write a workbook a district, a sheet a school: title, header of two rows, pupils."""
    for district, of_district in groupby(tables, district_of):
        with workbook.written(place.folder / FILE.format(district), as_of, "学籍管理") as book:
            for rows in of_district:
                for school, pupils in workbook.sheets_of([rows], SHEET).items():
                    with book.sheet(school) as sheet:
                        _write_sheet(sheet, f"{school}学生花名册", pupils)


def connection(place: Place) -> dict[str, Any]:
    """Return the folder the workbook lies in."""
    return {"folder": str(place.folder)}


def _schools(city: City) -> list[list[str]]:
    """Return the schools of each stage: the street's own, elsewhere some named after communities."""
    if city.shard.township == STREET:
        return [list(names) for _, names, _ in STAGES]
    town = re.sub("(街道|镇)$", "", city.shard.name)
    communities = city.reference.children(city.shard.township)["name"].to_pylist()
    stems = [re.sub("（.*）|(社区|村)?(居委会|村委会|社区居民委员会|居民委员会)?$", "", name) for name in communities]
    return [
        list(dict.fromkeys(f"{town}{stem}{kind}" for stem in stems[:: -(-len(stems) // count)]))
        for kind, count in (("幼儿园", 12), ("小学", 9), ("初级中学", 4), ("高级中学", 2))
    ]


def _places(city: City, clerk: ResidentClerk, schools: list[list[str]]) -> tuple[Ints, Ints]:
    """Return each pupil's school and year, counted through all stages; the school is the nearest one."""
    age, community = city.age[clerk.rows], city.homes.community[city.dwelling[clerk.rows]]
    school, grade = np.zeros(len(clerk), np.int64), np.zeros(len(clerk), np.int64)
    before = years = 0
    for (start, _, grades), names in zip(STAGES, schools, strict=True):
        here = (age >= start) & (age < start + len(grades))
        school[here] = before + community[here] % len(names)
        grade[here] = years + (age[here] - start).astype(np.int64)
        before, years = before + len(names), years + len(grades)
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


def _write_sheet(sheet: workbook.Sheet, title: str, rows: Any) -> None:
    groups, parts = zip(*(name.partition("/")[::2] for name in COLUMNS), strict=True)
    place = 0
    sheet.merged.append(workbook.area(0, 0, 0, len(COLUMNS) - 1))
    for group, names in groupby(COLUMNS, lambda name: name.partition("/")[0]):
        count = len(list(names))
        sheet.merged.append(workbook.area(1, place, 2 if group in COLUMNS else 1, place + count - 1))
        place += count
    sheet.line([title], workbook.TITLE)
    sheet.line([group if groups.index(group) == at else None for at, group in enumerate(groups)], workbook.TITLE)
    sheet.line([part or None for part in parts], workbook.TITLE)
    sheet.table(rows.select(COLUMNS))
