"""The same content has the same hash, however it lies; any change of any cell gives another."""

from pathlib import Path

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.content_hash import combined, table_hashes

DOOR = "学田路12号怡园3幢2单元501室"
ROWS = f"""values ('110101199003070017', '{DOOR}', 1.50::decimal(9, 2), true, date '1990-03-07', ['甲', '乙'], null),
    ('110101199003078888', '{DOOR}', 2.50, false, null, ['丙'], ''),
    ('110101199003079999', null, null, null, date '1990-03-07', null, 'Z')"""
COLUMNS = "citizen_id, door, amount, is_alone, born, said, note"


@pytest.fixture
def build(tmp_path):
    with connect(tmp_path / "build.duckdb", settings=Settings(home=tmp_path)) as connection:
        connection.execute(f"create schema s; create table s.t as select * from ({ROWS}) as v({COLUMNS})")
        yield connection


def content(connection):
    return combined(table_hashes(connection))


def test_rows_in_another_order_are_the_same_content(build):
    before = content(build)
    build.execute("create or replace table s.t as select * from s.t order by citizen_id desc")
    build.execute("delete from s.t where note = 'Z'")
    build.execute(f"insert into s.t select * from ({ROWS}) as v({COLUMNS}) where note = 'Z'")
    assert content(build) == before
    build.execute("insert into s.t select * from s.t limit 1")
    assert content(build) != before


@pytest.mark.parametrize(
    "change",
    [
        "citizen_id = '110101199003070025' where is_alone",
        "citizen_id = '220101199003070017' where is_alone",
        "door = null where is_alone",
        "amount = 1.51 where is_alone",
        "is_alone = not is_alone where is_alone",
        "is_alone = false where is_alone is null",
        "born = null where is_alone",
        "born = date '1990-03-08' where is_alone",
        "said = ['甲乙'] where is_alone",
        "said = [] where said is null",
        "note = null where note = ''",
        "note = '' where note is null",
        # two records exchange a value
        "note = case note when '' then 'Z' else '' end where note is not null",
        "born = case when is_alone then null else date '1990-03-07' end where is_alone is not null",
        # two cells of a row exchange theirs
        "citizen_id = door, door = citizen_id where is_alone",
    ],
)
def test_any_change_gives_another_hash(build, change):
    before = content(build)
    build.execute(f"update s.t set {change}")
    assert content(build) != before


@pytest.fixture(scope="module")
def taken_for_one():
    """Pairs of texts that differ in their eighth and sixteenth byte, and have one hash of DuckDB's."""
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    with connect(settings=Settings(home=Path())) as connection:
        found = connection.execute(
            f"""with sign as (select unnest(string_split('{signs}', '')) as s),
            text as (select '1101011' || a.s || '9000307' || b.s || '12' as t from sign as a, sign as b)
            select min(t), max(t) from text group by hash(t) having count(*) > 1 order by all limit 5"""
        ).fetchall()
    assert len(found) == 5
    return found


@pytest.mark.parametrize("form", ["{}", "[{}]", "{{'a': {}}}"])
def test_texts_that_duckdb_takes_for_one_are_told_apart(tmp_path, taken_for_one, form):
    with connect(settings=Settings(home=tmp_path)) as connection:
        connection.execute("create schema s")
        for pair in taken_for_one:
            told = set()
            for text in pair:
                value = form.format(f"'{text}'")
                connection.execute(f"create or replace table s.t as select 1 as n, {value} as c")
                told.add(content(connection))
            assert len(told) == 2
            marks = "select content_mark(row(1), ['a', ?]) = content_mark(row(1), ['a', ?])"
            assert connection.execute(marks, pair).fetchall() == [(False,)]
