"""残联 残疾人证: a FoxPro table in GBK, in use since the nineties."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import dbf, text
from jiceng_pipeline.simulation.chance import Bools, choose, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.store import Place, Records, table
from jiceng_pipeline.simulation.text import Text

SYSTEM = "disabled_federation/disability_certificate"
ENTITY = "resident"
KEY = ("CJRZH",)
COMMUNITY = "SQ"
RHYTHM = Rhythm(
    "month",
    hears={"assessment": 1.0, "death": 0.7, "departure": 0.6, "registration": 0.6, "phone": 0.1},
    delay=(5, 30),
    on=15,
    slow={"death": (0.5, 90)},
)

FILE = "CJRZ.DBF"
FIELDS = {
    "CJRZH": ("C", 22), "XM": ("C", 40), "SFZH": ("C", 20), "XB": ("C", 2), "CSRQ": ("D", 8), "CJLB": ("C", 8),
    "CJDJ": ("C", 4), "FZRQ": ("D", 8), "YXQZ": ("D", 8), "JHRXM": ("C", 40), "JHRDH": ("C", 13), "LXDH": ("C", 13),
    "XZZ": ("C", 120), "SQ": ("C", 80),
}  # fmt: skip
KINDS = {"视力": 0.13, "听力": 0.15, "言语": 0.02, "肢体": 0.46, "智力": 0.08, "精神": 0.12, "多重": 0.04}
GRADES = {"一级": 0.16, "二级": 0.3, "三级": 0.26, "四级": 0.28}
YEARS = 10


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """Who has a certificate, a guardian named for most; the old more often."""
    rng, count = city.lots(SYSTEM, "coverage"), len(city.people)
    share = np.interp(city.age, [0, 20, 50, 65, 90], [0.004, 0.01, 0.025, 0.05, 0.07])
    stays = happens(rng, count, rates.of(SYSTEM).dead_still_listed)
    listed = city.is_registered & happens(rng, count, share) & (city.is_alive | stays)
    clerk = ResidentClerk.at_work(city, SYSTEM, rates, np.flatnonzero(listed), only)
    people, rows, home = city.people, clerk.rows, city.dwelling[clerk.rows]
    clerk.mark("", "dead_still_listed", ~city.is_alive[rows])
    kind = choose(clerk.rng("kind"), list(KINDS.values()), len(clerk))
    grade = choose(clerk.rng("grade"), list(GRADES.values()), len(clerk))
    issued = city.start - clerk.rng("issued").integers(20, int(YEARS * 365.25 * 1.05), len(clerk))
    written = table(
        CJRZH=_certificates(city, clerk, kind, grade),
        XM=_in_gbk(clerk.name("XM")),
        SFZH=pc.fill_null(clerk.citizen_id("SFZH"), ""),
        XB=clerk.blank("XB", text.pick(("女", "男"), people.male[rows].astype(np.int64)), empty=""),
        CSRQ=text.day(clerk.birth_date("CSRQ"), "%Y%m%d"),
        CJLB=clerk.rubbish("CJLB", text.pick(list(KINDS), kind), ("肢残", "综合")),
        CJDJ=clerk.rubbish("CJDJ", text.pick(list(GRADES), grade), ("5级", "无级")),
        FZRQ=text.day(issued, "%Y%m%d"),
        YXQZ=text.day(issued + int(YEARS * 365.25), "%Y%m%d"),
        JHRXM=_in_gbk(text.pick(city.names, city.relative[rows])),
        JHRDH=text.pick(people.phone, city.relative[rows]),
        LXDH=clerk.phone("LXDH", empty=""),
        XZZ=clerk.address("XZZ", home, empty=""),
        SQ=clerk.community("SQ", home, "short", empty=""),
    )
    return Records(written, city.person_id.take(pa.array(rows)), tuple(clerk.marks))


def write(tables: Iterable[Any], as_of: date, place: Place) -> None:
    """Write the table; a row that was deleted is still in the file."""
    dbf.write(place.folder / FILE, tables, FIELDS, as_of)


def connection(place: Place) -> dict[str, Any]:
    """Return the folder the table lies in."""
    return {"folder": str(place.folder)}


def _certificates(city: City, clerk: ResidentClerk, kind: Any, grade: Any) -> Text:
    """Return 残疾人证号: the card's number, kind, grade; who is listed twice has one issued anew."""
    again = text.where(clerk.made("registered_twice"), "B1", "")
    number = city.people.citizen_id.take(pa.array(clerk.rows))
    return text.join(number, text.number(kind + 1), text.number(grade + 1), again)


def _in_gbk(names: Text) -> Text:
    """Return names as the old character set holds them."""
    return text.translate(names, lambda name: name.encode("gbk", "replace").decode("gbk"))
