"""What records said before: every contents with the days it stood, by the index as by reading everything."""

import random
import shutil

import pyarrow.parquet as pq
import pytest

from jiceng_pipeline.landing import force, index, snapshot, version
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.table import materialise
from jiceng_pipeline_tests.landing.changing import CONTRACT as CHANGING
from jiceng_pipeline_tests.landing.changing import Platform
from jiceng_pipeline_tests.landing.trial import CONTRACT


def indexed(settings, contract):
    """Return (id, hash, since, landed, until) of what stood before, and (id, since) of what came later and stands."""
    with connect(settings=settings) as connection:
        found = index.versions(connection, contract, settings)
        if found is None:
            return set(), set()
        cells = "record_id, row_hash, first_landed, landed, until"
        earlier = connection.execute(f"select {cells} from ({found.earlier})").fetchall()
        assert len(set(earlier)) == len(earlier)
        return set(earlier), set(connection.execute(f"select record_id, since from ({found.later})").fetchall())


def told_one_by_one(settings, contract):
    """Return the same by going through the snapshots row by row."""
    standing, first, earlier = {}, {}, set()
    for each in snapshot.snapshots(settings, contract):
        rows = {row["_record_id"]: row for row in pq.read_table(each.rows).to_pylist()}
        gone = set(standing) - set(rows) if not force.is_increment(each) else set()
        gone |= {record for record, row in rows.items() if row.get("_ended")} & set(standing)
        for record in gone:
            content, since, landed = standing.pop(record)
            earlier.add((record, content, since, landed, each.stamp))
        for record, row in rows.items():
            if row.get("_ended"):
                continue
            first.setdefault(record, each.stamp)
            content, since, landed = standing.get(record, (None, each.stamp, None))
            if content not in {None, row["_row_hash"]}:
                earlier.add((record, content, since, landed, each.stamp))
                since = each.stamp
            standing[record] = (row["_row_hash"], since, each.stamp)
    later = {(record, since) for record, (_, since, _) in standing.items() if since != first[record]}
    return earlier, later if earlier else set()


@pytest.mark.parametrize("seed", range(3))
def test_every_contents_has_its_days(register, on, seed):
    chance, held = random.Random(seed), {}
    for day in range(12):
        on(day)
        for key in chance.sample(range(12), 5):
            if key in held and len(held) > 5 and chance.random() < 0.4:
                del held[key]
            else:
                held[key] = (f"人{chance.randrange(3)}", str(key), f"A{key}")
        register.hold(*held.values())
        register.pull(allow_shrinking=True)
        if chance.random() < 0.6:  # not every pull is built from
            assert indexed(register.settings, CONTRACT) == told_one_by_one(register.settings, CONTRACT)
    expected = told_one_by_one(register.settings, CONTRACT)
    assert all(expected)
    shutil.rmtree(register.settings.cache, ignore_errors=True)
    assert indexed(register.settings, CONTRACT) == expected


def test_increments_too(register, on):
    chance = random.Random(5)
    with Platform() as platform:
        register.connect(**platform.address)
        for day in range(10):
            on(day)
            for key in chance.sample("abcdefgh", 3):
                at = f"2026-05-{day + 1:02}T12:00:00"
                if key in platform.held and len(platform.held) > 3:
                    platform.end(key, at)
                else:
                    platform.put(key, f"{key}{day}", at)
            assert register.pull(CHANGING).status == "landed"
            found = indexed(register.settings, CHANGING)
    assert found == told_one_by_one(register.settings, CHANGING)
    assert all(found)


def versions(settings, contract):
    """Return the table of versions of residents, with the system's own table made first."""
    with connect(settings=settings) as connection:
        connection.execute("create schema standard")
        columns = ", ".join(f"{each.id} {each.sql_type}" for each in contract.elements.values())
        connection.execute(
            f"""create table standard.{contract.table} (record_id varchar, system varchar, is_current boolean,
            landed_date date, {columns})"""
        )
        rows = index.landed_rows(connection, contract, settings)
        connection.execute(
            f"""insert into standard.{contract.table} select record_id, '{contract.name}', is_current, landed_date,
            "姓名", "证号" from ({rows})"""
        )
        (table,) = version.tables((contract,))
        materialise(connection, table, settings)
        return connection.execute(
            "select name, from_date::varchar, to_date::varchar from standard.resident_version order by name, from_date"
        ).fetchall()


def test_days_are_those_of_the_pulls_and_a_day_within_which_all_was_undone_was_never_seen(register, on, monkeypatch):
    register.pull()
    assert versions(register.settings, CONTRACT) == []
    on(1)
    register.hold(("王大二", "1", "A"), ("李四", "2", "B"))
    register.pull()
    monkeypatch.setenv("JICENG_NOW", "2026-05-02T22:00:00+00:00")  # the same day in Shanghai
    register.hold(("王小三", "1", "A"), ("李四", "2", "B"))
    register.pull()
    on(3)
    register.hold(("王小三", "1", "A"))
    register.pull()
    assert versions(register.settings, CONTRACT) == [
        ("李四", "2026-05-02", "2026-05-05"),
        ("王小三", "2026-05-03", None),
        ("王小二", "2026-05-02", "2026-05-03"),
    ]
