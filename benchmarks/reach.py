"""Walking distances of a whole city: every door to the nearest point of every item, and the shares of all communities.

    python -m benchmarks.reach [--residents 7730000]

Communities, townships and points are those of the simulated Nantong; people are spread over doors, of which those of
an urban building stand in one place. Writes benchmarks/results/reach.json. Reading what a version holds is included.
"""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import result
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.services import catalogue, coverage, reach
from jiceng_pipeline.services.walking import walking
from jiceng_pipeline.simulation import positions
from jiceng_pipeline.simulation.chance import Lots
from jiceng_pipeline.simulation.city import make_city
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.plan import Share, is_village, laid_out, plan
from jiceng_pipeline.simulation.reference import Reference
from jiceng_pipeline.simulation.store import stores
from jiceng_pipeline.warehouse.connection import connect

DAY, SEED = date(2026, 11, 24), 1
FLATS, PEOPLE_A_DOOR = 24, 3.1
KINDS = {"区县政务服务中心": "1", "镇街便民服务中心": "2", "村社区便民服务站": "3", "银行网点": "4", "邮政网点": "5"}


def points(reference):
    """Return the service points of the whole city, as its system lists them."""
    store = stores()["government_services/service_point"]
    whole = {shard.township: shard.residents for shard in plan(reference, "city")}
    parts = []
    for shard in laid_out(reference, [Share(township, 40) for township in whole]):
        city = make_city(reference, scale="city", seed=SEED, as_of=DAY, shard=shard)
        sized = replace(city, shard=replace(city.shard, residents=whole[shard.township]))
        parts.append(store.records(sized, Rates()).table)
    return pa.concat_tables(parts), whole


def fill(connection, reference, residents):
    """Make the tables of a version that reach reads."""
    listed, whole = points(reference)
    connection.execute("create schema governance; create schema standard")
    connection.execute(f"create table standard.business_day as select date '{DAY}' as business_date")
    connection.register("listed", listed)
    kinds = " ".join(f"when '{title}' then '{code}'" for title, code in KINDS.items())
    connection.execute(
        f"""create table governance.service_point as select id as service_point_id, id as service_point_code,
        name as service_point_name, case kind {kinds} end as service_point_kind_code, community as community_code,
        lon::decimal(9, 6) as service_point_longitude, lat::decimal(9, 6) as service_point_latitude,
        stepFree = '是' as is_step_free, openingHours as opening_hours, nullif(notHandled, '') as items_not_handled
        from listed"""
    )
    connection.register("doors", doors(reference, whole, residents))
    connection.execute(
        f"""create table governance.address_position as select door::varchar as address_id,
            longitude::decimal(9, 6) as longitude, latitude::decimal(9, 6) as latitude from doors where door % 50 > 0;
        create table governance.standard_address as
        select door::varchar as address_id, community as community_code from doors;
        create table governance.residence as
        select (door * 16 + n)::varchar as resident_id, door::varchar as address_id, '2' as residence_kind_code
        from (select door, community, unnest(range(people)) as n from doors) order by community;
        create table governance.resident as select resident_id, community as community_code,
            date '{DAY}' - (hash(resident_id) % 33000)::int as birth_date, null::date as death_date,
            case when hash(resident_id, 1) % 60 = 0 then '4' end as disability_type_code,
            case when hash(resident_id, 1) % 60 = 0 then '1' end as disability_grade_code,
            door::varchar as dwelling_address
        from governance.residence join doors on doors.door = (resident_id::bigint // 16) order by community_code"""
    )


def doors(reference, whole, residents):
    """Return a row a door: which, in which community, where, and how many live behind it."""
    rng, parts, first = np.random.default_rng(SEED), [], 0
    for township, size in whole.items():
        here = reference.children(township)
        codes, names = here["code"].to_pylist(), here["name"].to_pylist()
        weight = np.array([1.0 if is_village(name) else 2.2 for name in names])
        people = np.round(weight / weight.sum() * size * residents / sum(whole.values())).astype(int)
        middles, apart = positions.communities(reference, codes)
        for row, (code, name, count) in enumerate(zip(codes, names, people, strict=True)):
            number = max(1, round(count / PEOPLE_A_DOOR))
            buildings = number if is_village(name) else -(-number // FLATS)
            lots = Lots(np.arange(buildings) + first, SEED, "buildings")
            where = positions.around(middles.take(np.full(buildings, row)), np.full(buildings, 0.45 * apart[row]), lots)
            at = np.arange(number) % buildings
            living = np.bincount(rng.integers(0, number, count), minlength=number).clip(0, 15)
            parts.append(pa.table({
                "door": np.arange(number) + first, "community": pa.repeat(code, number),
                "longitude": where.longitude[at], "latitude": where.latitude[at], "people": living}))  # fmt: skip
            first += number
    return pa.concat_tables(parts)


def main() -> None:
    """Run and write the figures."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--residents", type=int, default=7_730_000)
    residents = arguments.parse_args().residents
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), business_date=DAY)
        reference, assumed = Reference.read(settings.reference), walking(settings)
        items = tuple(catalogue.items(settings).values())
        with connect(Path(folder) / "city.duckdb", settings=settings) as connection:
            fill(connection, reference, residents)
            doors_there, people, places = (
                connection.execute(f"select count(*) from governance.{table}").fetchall()[0][0]
                for table in ("address_position", "resident", "service_point")
            )
            started = time.perf_counter()
            reach.everybody(connection, assumed, "")
            read_seconds = time.perf_counter() - started
            spots = connection.execute("select count(*) from spot").fetchall()[0][0]
            started = time.perf_counter()
            found = reach.points_for(connection, "", items)
            wanted = reach.sets(found, items, assumed)
            reach.measure(connection, assumed, found, wanted)
            reach_seconds = time.perf_counter() - started
            started, worked = time.perf_counter(), time.process_time()
            counted = coverage.count(connection, assumed, items)
            seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - worked
    figures = {
        "command": " ".join(["python", "-m", "benchmarks.reach", "--residents", str(residents)]),
        "machine": result.machine(),
        "load": round(os.getloadavg()[0], 1),
        "residents": people,
        "dwellings": doors_there,
        "spots": spots,
        "points": places,
        "items": len(items),
        "sets": len(wanted.members),
        "read_seconds": round(read_seconds, 1),
        "reach_seconds": round(reach_seconds, 1),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),  # of all threads: what a shared machine does not distort
        "shares": len(counted),
    }
    result.write("reach", figures)


if __name__ == "__main__":
    main()
