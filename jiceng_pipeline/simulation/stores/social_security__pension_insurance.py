"""社保 养老保险参保明细: gzip'd GB18030 text in fixed byte widths, one file a day in a drop folder."""

import gzip
from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools, Days, Ints, choose, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.store import Place, Records, batches, table, whole
from jiceng_pipeline.simulation.text import Text

SYSTEM = "social_security/pension_insurance"
ENTITY = "resident"
KEY = ("个人编号",)
COMMUNITY = "社区"
RHYTHM = Rhythm(
    "month",
    hears={
        "death": 1.0, "move": 0.3, "departure": 0.5, "arrival": 0.5, "retirement": 1.0, "coming_of_age": 1.0,
        "phone": 0.3,
    },
    delay=(1, 10),
    on=1, slow={"death": (0.5, 60)}, merges=20,
)  # fmt: skip

INSURED = 0.6  # of the adults
WIDTHS = {
    "个人编号": 12, "姓名": 40, "证件号码": 18, "性别": 1, "出生日期": 8, "参保状态": 2,
    "参保日期": 8, "月养老金": 10, "手机": 13, "居住地址": 120, "社区": 60,
}  # fmt: skip
RIGHT_ALIGNED = {"月养老金"}
PAYING, PAUSED, RECEIVING, ENDED = "10", "20", "30", "40"


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """Insured adults, those from other counties included; some dead are still paid."""
    rng = city.lots(SYSTEM, "coverage")
    insured = (city.age >= 16) & happens(rng, len(city.people), INSURED)
    noted = happens(rng, len(city.people), 0.2)  # dead whose insurance was ended, and who stay in the roll
    stays = happens(rng, len(city.people), rates.of(SYSTEM).dead_still_listed)
    listed = np.flatnonzero(insured & (city.is_alive | stays | noted))
    clerk = ResidentClerk.at_work(city, SYSTEM, rates, listed, only)
    rows, dead = clerk.rows, ~city.is_alive[clerk.rows]
    clerk.mark("参保状态", "dead_still_listed", dead & stays[rows])
    male = city.people.male[rows].astype(np.int64)
    status = _status(city, rows, dead & ~stays[rows], clerk)
    amounts = clerk.rubbish("月养老金", _amounts(status, clerk), ("12O0.00", "l850.50"))
    written = table(
        个人编号=text.digits(clerk.keys(10**11, 10**12), 12),
        姓名=clerk.name("姓名"),
        证件号码=pc.fill_null(clerk.citizen_id("证件号码"), ""),
        性别=clerk.blank("性别", text.pick(("2", "1"), male), empty=""),
        出生日期=clerk.rubbish("出生日期", text.day(clerk.birth_date("出生日期"), "%Y%m%d"), ("19690231", "00000000")),
        参保状态=clerk.rubbish("参保状态", status, ("99", "A1")),
        参保日期=clerk.blank("参保日期", text.day(_joined(city, rows, clerk), "%Y%m%d"), empty=""),
        月养老金=amounts,
        手机=clerk.phone("手机", empty=""),
        居住地址=clerk.address("居住地址", city.dwelling[rows], empty=""),
        社区=clerk.community("社区", city.dwelling[rows], empty=""),
    )
    return Records(written, city.person_id.take(pa.array(rows)), tuple(clerk.marks))


def write(tables: Iterable[Any], as_of: date, place: Place) -> None:
    """Write the day's file: H + date, D + fields, T + count, CRLF."""
    day = as_of.strftime("%Y%m%d")
    with (
        whole(place.folder / f"YLBX_{day}.txt.gz") as draft,
        draft.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=0) as out,
    ):
        out.write(f"H{day}\r\n".encode("gb18030"))
        count = 0
        for rows in batches(tables):
            out.write(_lines(rows))
            count += rows.num_rows
        out.write(f"T{count:010d}\r\n".encode("gb18030"))


def connection(place: Place) -> dict[str, Any]:
    """Return the drop folder."""
    return {"folder": str(place.folder)}


def _status(city: City, rows: Ints, ended: Bools, clerk: ResidentClerk) -> Text:
    """Return 参保状态: men receive from 60, women from 55."""
    count, age = len(rows), city.age[rows]
    retired = age >= np.where(city.people.male[rows], 60, 55)
    working = choose(clerk.rng("status"), [0.82, 0.15, 0.03], count)
    receiving = retired & happens(clerk.rng("receiving"), count, 0.93)
    values = text.where(receiving, RECEIVING, text.pick((PAYING, PAUSED, ENDED), working))
    return text.where(ended, ENDED, values)


def _joined(city: City, rows: Ints, clerk: ResidentClerk) -> Days:
    """Return 参保日期: some day since 1992 on which the person was sixteen or older."""
    earliest = np.maximum(city.people.birth[rows] + int(16 * 365.2425), np.datetime64("1992-01-01"))
    span = np.maximum((city.start - earliest).astype(np.int64), 1)
    days = (clerk.rng("joined").random(len(rows)) * np.minimum(span, 12_000)).astype(np.int64)
    result: Days = earliest + days.astype("timedelta64[D]")
    return result


def _amounts(status: Text, clerk: ResidentClerk) -> Text:
    """Return monthly pensions in yuan with two decimals; empty for those who receive none."""
    rng, count = clerk.rng("amounts"), len(status)
    worker = rng.normal(3100, 750, count).clip(1200, 9000)
    resident = rng.normal(320, 60, count).clip(210, 700)
    cents = (np.where(happens(rng, count, 0.72), worker, resident) * 100).astype(np.int64)
    written = text.join(text.number(cents // 100), ".", text.digits(cents % 100, 2))
    receiving = np.asarray(pc.equal(status, RECEIVING))
    return text.where(receiving, written, "")


def _lines(columns: Any) -> bytes:
    """Return lines of padded fields; padding counts bytes, as the mainframe does."""
    fields: list[Any] = [pa.scalar(b"D")]
    for name, width in WIDTHS.items():
        encoded = _encoded(columns[name].combine_chunks())
        missing = width - pc.binary_length(encoded).to_numpy()
        if (missing < 0).any():
            raise ValueError(f"{name} does not fit into {width} bytes")
        spaces = pa.array([b" " * each for each in range(width + 1)]).take(pa.array(missing))
        fields += [spaces, encoded] if name in RIGHT_ALIGNED else [encoded, spaces]
    lines = pc.binary_join_element_wise(*fields, pa.scalar(b"\r\n"), pa.scalar(b""))
    return b"".join(lines.to_pylist())


def _encoded(values: Text) -> pa.Array:
    """Return texts as bytes of GB18030, encoded in one go."""
    joined = "\n".join(values.to_pylist()).encode("gb18030")
    return pa.array(joined.split(b"\n") if len(values) else [], pa.binary())
