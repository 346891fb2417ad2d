"""Hashes found while other tables are made are those that would be found at the end."""

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.content_hash import table_hashes
from jiceng_pipeline.warehouse.hashed_ahead import HashedAhead

MANY = 60_000


@pytest.fixture
def build(tmp_path):
    with connect(tmp_path / "build.duckdb", settings=Settings(home=tmp_path)) as connection:
        connection.execute("create schema s")
        yield connection


@pytest.fixture
def ahead(build):
    hashing = HashedAhead(build)
    yield hashing
    hashing.close()


def make(build, name, told="i"):
    rows = f"select i, '学田路' || {told} as door from range({MANY}) as r(i)"
    build.execute(f"create or replace table s.{name} as {rows}")


def test_tables_are_hashed_beside_what_is_made(build, ahead):
    for name in ("one", "two", "three"):
        make(build, name, f"'{name}' || i")
        ahead.add(f"s.{name}", MANY)
    found = ahead.found()
    assert set(found) == {"s.one", "s.two", "s.three"}
    assert found == table_hashes(build)
    # and who publishes takes them as they are
    assert table_hashes(build, known={**found, "s.one": (1, "known")})["s.one"] == (1, "known")


def test_a_table_that_is_made_again_is_hashed_again(build, ahead):
    make(build, "one")
    ahead.add("s.one", MANY)
    make(build, "one", "i + 1")
    ahead.add("s.one", MANY)
    assert ahead.found() == table_hashes(build)


def test_views_and_few_rows_are_left_to_the_end(build, ahead):
    make(build, "one")
    build.execute("create table s.few as select 1 as i; create view s.seen as from s.one")
    for name, rows in (("few", 1), ("seen", MANY), ("absent", MANY)):
        ahead.add(f"s.{name}", rows)
    assert ahead.found() == {}


def test_what_is_let_go_of_is_not_waited_for_and_leaves_the_build_usable(build):
    build.execute("create table s.wide as select md5(i::varchar) as a, md5(i::varchar) as b from range(2_000_000) r(i)")
    hashing = HashedAhead(build)
    for _ in range(5):
        hashing.add("s.wide", 2_000_000)
    hashing.close()
    assert hashing.found() == {}
    assert build.execute("select count(*) from s.wide").fetchall() == [(2_000_000,)]
