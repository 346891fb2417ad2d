"""公安 常住人口登记: a table in a PostgreSQL server, one row per registered resident."""

import io
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
from psycopg import sql
from pyarrow import csv

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.resident_clerk import ResidentClerk
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.store import Change, Place, Records, batches, table

SYSTEM = "public_security/household_register"
ENTITY = "resident"
KEY = ("rybh",)
COMMUNITY = "sqdm"
RHYTHM = Rhythm(
    "day",
    hears={
        "birth": 1.0, "death": 1.0, "registration": 1.0, "departure": 0.8, "arrival": 1.0, "marital": 0.7,
        "household": 1.0, "phone": 0.15,
    },
    delay=(1, 3),
    slow={"death": (0.2, 20)}, merges=0,
)  # fmt: skip

SCHEMA, TABLE, READER = "hukou", "t_czrk", "jiceng"
COLUMNS = {
    "gmsfhm": "text", "xm": "text", "xbdm": "char(1)", "csrq": "char(8)", "mzdm": "char(2)", "hyzk": "char(2)",
    "hh": "text", "yhzgx": "char(2)", "hkdz": "text", "sqdm": "char(12)", "lxdh": "text", "swrq": "char(8)",
    "gxsj": "timestamp", "rybh": "text",
}  # fmt: skip


def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
    """Everyone registered in the street, wherever they live; of some dead the death is not noted."""
    clerk = ResidentClerk.at_work(city, SYSTEM, rates, np.flatnonzero(city.is_registered), only)
    people, rows = city.people, clerk.rows
    take = pa.array(rows)
    death = people.death[rows]
    unnoted = clerk.slips("swrq", "dead_still_listed", clerk.rates.dead_still_listed, ~np.isnat(death))
    home = city.registered_at[rows]
    written = table(
        gmsfhm=clerk.citizen_id("gmsfhm"),
        xm=clerk.name("xm"),
        xbdm=text.pick(("2", "1"), people.male[rows].astype(np.int64)),
        csrq=clerk.rubbish("csrq", text.day(clerk.birth_date("csrq"), "%Y%m%d"), ("19850231", "19791301")),
        mzdm=clerk.rubbish("mzdm", people.ethnic_group.take(take), ("88", "HA")),
        hyzk=clerk.blank("hyzk", people.marital_status.take(take)),
        hh=text.join(city.shard.township[:9], text.digits(city.household_code[rows], 8)),
        yhzgx=clerk.blank("yhzgx", people.relation.take(take)),
        hkdz=clerk.address("hkdz", home, full=True),
        sqdm=clerk.community("sqdm", home, "code"),
        lxdh=clerk.phone("lxdh"),
        swrq=text.day(np.where(unnoted, np.datetime64("NaT"), death), "%Y%m%d"),
        gxsj=text.moment(clerk.updated("gxsj", clerk.made("phone_old", "address_stale"))),
        rybh=text.digits(clerk.keys(10**15, 10**16), 16),
    )
    return Records(written, city.person_id.take(take), tuple(clerk.marks))


def write(tables: Iterable[Any], _: date, place: Place) -> None:
    """Make the table anew in one transaction, readable by a login that can do nothing else."""
    names = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in COLUMNS.items()]
    target = sql.Identifier(SCHEMA, TABLE)
    with psycopg.connect(place.postgresql) as connection, connection.cursor() as cursor:
        cursor.execute("select 1 from pg_roles where rolname = %s", [READER])
        if not cursor.fetchone():
            cursor.execute(sql.SQL("create role {} login").format(sql.Identifier(READER)))
        cursor.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(SCHEMA)))
        cursor.execute(sql.SQL("create schema {}").format(sql.Identifier(SCHEMA)))
        cursor.execute(sql.SQL("create table {} ({})").format(target, sql.SQL(", ").join(names)))
        for rows in batches(tables):
            with cursor.copy(sql.SQL("copy {} from stdin (format csv)").format(target)) as copy:
                copy.write(_csv(rows.select(list(COLUMNS))))
        cursor.execute(sql.SQL("alter table {} add primary key ({})").format(target, sql.Identifier(*KEY)))
        cursor.execute(sql.SQL("grant usage on schema {} to {}").format(*map(sql.Identifier, (SCHEMA, READER))))
        cursor.execute(sql.SQL("grant select on {} to {}").format(target, sql.Identifier(READER)))


def revise(change: Change, _: date, place: Place, __: Mapping[str, str]) -> None:
    """Change persons in place, in one transaction."""
    names = {"columns": sql.SQL(", ").join(map(sql.Identifier, COLUMNS)), "target": sql.Identifier(SCHEMA, TABLE)}
    with psycopg.connect(place.postgresql) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("create temporary table gone (rybh text) on commit drop"))
        cursor.execute(sql.SQL("create temporary table changed (like {target}) on commit drop").format(**names))
        for table_name, rows in (("gone", change.gone), ("changed", change.changed.select(list(COLUMNS)))):
            with cursor.copy(sql.SQL("copy {} from stdin (format csv)").format(sql.Identifier(table_name))) as copy:
                copy.write(_csv(rows))
        cursor.execute(sql.SQL("delete from {target} where rybh in (select rybh from gone)").format(**names))
        others = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(each)) for each in COLUMNS if each not in KEY]
        write = (
            "insert into {target} ({columns}) select {columns} from changed on conflict (rybh) do update set {others}"
        )
        cursor.execute(sql.SQL(write).format(**names, others=sql.SQL(", ").join(others)))


def connection(place: Place) -> dict[str, Any]:
    """Return the URL of the login that may read."""
    return {"url": place.postgresql.replace("postgres@", f"{READER}@", 1)}


def _csv(columns: Any) -> bytes:
    """Return rows for COPY: a null is empty, an empty text is quoted."""
    out = io.BytesIO()
    csv.write_csv(columns, out, csv.WriteOptions(include_header=False, quoting_style="all_valid"))
    return out.getvalue()
