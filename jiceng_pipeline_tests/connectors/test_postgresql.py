import psycopg
import pytest

from jiceng_pipeline.connectors import base
from jiceng_pipeline.core.errors import DefinitionError, SourceRejected, SourceUnreachable
from jiceng_pipeline_tests.connectors.reading import extract, taken

OPTIONS = {"schema": "hukou", "table": "t_czrk"}


def read(url, columns, renames=None, **options):
    return taken("sql", columns, {**OPTIONS, **options}, {"url": url}, renames)


def test_values_are_as_postgresql_writes_them(postgres, database):
    database.execute(
        """create table hukou.t_czrk (id numeric, at timestamp, moment timestamptz, day date, fixed char(8), flag bool,
        bytes bytea, list int[], real float8, words text)"""
    )
    database.execute(
        """insert into hukou.t_czrk values (320602195001011234567.10, '2024-05-01 08:00:00', '2024-05-01 00:00:00+00',
        'infinity', 'ab', true, '\\x00ff', '{1,2}', 0.1, '王𠮷䶮 '),
        (null, null, null, null, null, null, null, null, null, '')"""
    )
    rows, found = read(postgres, ["id", "at", "moment", "day", "fixed", "flag", "bytes", "list", "real", "words"])
    assert rows == [
        (
            1,
            "320602195001011234567.10",
            "2024-05-01 08:00:00",
            "2024-05-01 08:00:00+08",
            "infinity",
            "ab",
            "true",
            "\\x00ff",
            "{1,2}",
            "0.1",
            "王𠮷䶮 ",
        ),
        (2, *[None] * 9, ""),
    ]
    assert found.promised_rows == 2


def test_a_server_that_writes_dates_its_own_way_gives_the_same_text(postgres, database):
    database.execute("create table hukou.t_czrk (day date, at timestamp)")
    database.execute("insert into hukou.t_czrk values ('2024-05-01', '2024-05-01 08:00:00')")
    database.execute("alter role postgres set datestyle = 'German'")
    try:
        rows, _ = read(postgres, ["day", "at"])
    finally:
        database.execute("alter role postgres reset datestyle")
    assert rows == [(1, "2024-05-01", "2024-05-01 08:00:00")]


def test_odd_names_are_names(postgres, database):
    database.execute("""create table hukou."户'籍""表" ("姓 名" text, "select" text)""")
    database.execute("""insert into hukou."户'籍""表" values ('甲', '乙')""")
    rows, _ = read(postgres, ["姓 名", "select"], table="户'籍\"表")
    assert rows == [(1, "甲", "乙")]


def test_many_rows_come_in_batches_and_in_order(postgres, database):
    count = 2 * base.BATCH_ROWS + 7
    database.execute(f"create table hukou.t_czrk as select i::text as id from generate_series(1, {count}) as i")
    found = extract("sql", ["id"], OPTIONS, {"url": postgres})
    sizes = []
    for batch in found.batches:
        sizes.append(batch.num_rows)
        assert batch["id"].to_pylist() == [str(row) for row in batch["_row"].to_pylist()]
    assert sum(sizes) == found.promised_rows == count
    assert max(sizes) <= base.BATCH_ROWS


def test_columns_count_and_rows_are_of_one_instant(postgres, database):
    database.execute(
        f"create table hukou.t_czrk as select i::text as id from generate_series(1, {base.BATCH_ROWS * 3}) as i"
    )
    found = extract("sql", ["id"], OPTIONS, {"url": postgres})
    first = next(found.batches)
    database.execute("insert into hukou.t_czrk select 'later' from generate_series(1, 1000)")
    rest = sum(batch.num_rows for batch in found.batches)
    assert first.num_rows + rest == found.promised_rows == base.BATCH_ROWS * 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("alter table hukou.t_czrk drop column xm", "缺少列 xm"),
        ("alter table hukou.t_czrk add column salary int", "多出列 salary"),
        ("alter table hukou.t_czrk rename column xm to name", "缺少列 xm；多出列 name"),
        ("drop table hukou.t_czrk", "没有这张表"),
    ],
)
def test_a_changed_table_is_refused_by_name(postgres, database, change, words):
    database.execute("create table hukou.t_czrk (rybh text, xm text, gmsfhm text)")
    database.execute(change)
    with pytest.raises(SourceRejected, match=words) as caught:
        read(postgres, ["rybh", "xm", "gmsfhm"])
    assert caught.value.where == "hukou.t_czrk"


def test_a_known_rename_is_mapped(postgres, database):
    database.execute("create table hukou.t_czrk as select '1' as id, '甲' as full_name")
    rows, found = read(postgres, ["id", "xm"], {"full_name": "xm"})
    assert rows == [(1, "1", "甲")]
    assert found.notes == {"renamed": "full_name→xm"}


def test_a_missing_grant_is_told(postgres, database):
    database.execute("create table hukou.t_czrk (id text)")
    database.execute("drop role if exists reader; create role reader login; grant usage on schema hukou to reader")
    with pytest.raises(SourceUnreachable, match="没有读这张表的权限"):
        read(postgres.replace("postgres@", "reader@"), ["id"])


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://someone:canary-password@127.0.0.1:1/db",
        "postgresql://someone:canary-password@127.0.0.1:1/db?application_name=" + "x" * 300,
    ],
)
def test_nobody_there_and_no_password_in_the_message(url):
    with pytest.raises(SourceUnreachable, match="Connection refused") as caught:
        read(url, ["id"])
    assert "canary" not in str(caught.value)


def test_a_wrong_login_is_told(postgres):
    with pytest.raises(SourceUnreachable, match="登录失败"):
        read(postgres.replace("postgres@", "nobody-known@"), ["id"])


def test_a_server_that_dies_meanwhile_is_worth_another_try(postgres, database):
    database.execute("create table hukou.t_czrk as select repeat('x', 500) as id from generate_series(1, 400000)")
    found = extract("sql", ["id"], OPTIONS, {"url": postgres})
    next(found.batches)
    database.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
    with pytest.raises(SourceUnreachable, match="读取中断"):
        list(found.batches)


def test_reading_can_stop_anywhere(postgres, database):
    database.execute("create table hukou.t_czrk as select repeat('x', 500) as id from generate_series(1, 200000)")
    found = extract("sql", ["id"], OPTIONS, {"url": postgres})
    next(found.batches)
    found.close()
    with psycopg.connect(postgres) as other:
        other.execute("set lock_timeout = '5s'")
        other.execute("drop table hukou.t_czrk")


def test_wrong_options_are_told():
    with pytest.raises(DefinitionError, match="table") as caught:
        extract("sql", ["id"], {"schema": "hukou", "tabel": "t"}, {"url": "postgresql://h/d"})
    assert "sql" in caught.value.where
