"""民政 高龄津贴发放: a CSV a month in a folder, the account number already masked by those who pay."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import delimited, text
from jiceng_pipeline.simulation.chance import Bools, Floats, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.store import Place, Records, table
from jiceng_pipeline.simulation.text import Text

SYSTEM = "civil_affairs/elderly_allowance"
ENTITY = "resident"
KEY = ("发放编号",)
COMMUNITY = "社区"
RHYTHM = Rhythm(
    "month",
    hears={"allowance_age": 1.0, "death": 1.0, "departure": 0.9, "registration": 0.8, "move": 0.4, "phone": 0.3},
    delay=(3, 20),
    on=10,
    slow={"death": (0.4, 60)},
    merges=0,
)

PAID, PAID_EARLY = 0.94, 0.12  # of those of 80 and over, and of those of 70 to 79 (the poor among them)
AMOUNTS = ((70, 30), (80, 60), (90, 120), (100, 500))  # 元 a month from that age


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """The old who are registered here, some of the dead among them."""
    rng, count = city.lots(SYSTEM, "coverage"), len(city.people)
    rate = np.select([city.age >= 80, city.age >= 70], [PAID, PAID_EARLY], 0.0)
    stays = happens(rng, count, rates.of(SYSTEM).dead_still_listed)
    listed = city.is_registered & happens(rng, count, rate) & (city.is_alive | stays)
    clerk = ResidentClerk.at_work(city, SYSTEM, rates, np.flatnonzero(listed), only)
    people, rows = city.people, clerk.rows
    clerk.mark("", "dead_still_listed", ~city.is_alive[rows])
    home = city.dwelling[rows]
    since = _since(city, clerk)
    account = text.join("****", text.digits(clerk.rng("account").integers(0, 10_000, len(clerk)), 4))
    written = table(
        发放编号=text.join("GL3206", text.digits(clerk.keys(0, 10**9), 9)),
        姓名=clerk.name("姓名"),
        身份证号码=pc.fill_null(clerk.citizen_id("身份证号码"), ""),
        性别=clerk.blank("性别", text.pick(("女", "男"), people.male[rows].astype(np.int64)), empty=""),
        出生年月日=text.day(clerk.birth_date("出生年月日"), "%Y/%m/%d"),
        社区=clerk.community("社区", city.registered_at[rows], empty=""),
        居住地址=clerk.address("居住地址", home, empty=""),
        联系电话=clerk.phone("联系电话", empty=""),
        月津贴=clerk.rubbish("月津贴", _amounts(city.age[rows]), ("六十", "6O")),
        起领年月=clerk.rubbish("起领年月", text.day(since, "%Y.%m"), ("2021.13", "待定")),
        账号尾号=account,
        开户银行=text.pick(
            ("南通农商行", "江苏银行", "农业银行", "邮储银行"), clerk.rng("bank").integers(0, 4, len(clerk))
        ),
    )
    return Records(written, city.person_id.take(pa.array(rows)), tuple(clerk.marks))


def write(tables: Iterable[Any], as_of: date, place: Place) -> None:
    """Write the month's file."""
    delimited.write(place.folder / f"高龄津贴发放_{as_of:%Y%m}.csv", tables, ",", "utf-8")


def connection(place: Place) -> dict[str, Any]:
    """Return the folder the files lie in."""
    return {"folder": str(place.folder)}


def _amounts(age: Floats) -> Text:
    edges, amounts = zip(*AMOUNTS, strict=True)
    band = np.searchsorted(edges, age, side="right") - 1
    return text.number(np.array(amounts)[np.maximum(band, 0)])


def _since(city: City, clerk: ResidentClerk) -> Any:
    """Return when payment began: some months after the birthday that entitles, as far as the records go."""
    entitled = city.people.birth[clerk.rows] + np.where(city.age[clerk.rows] >= 80, 80, 70) * 365
    late = clerk.rng("since").integers(10, 200, len(clerk))
    return np.minimum(entitled + late, np.maximum(city.start - 20, entitled))
