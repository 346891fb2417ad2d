import sqlite3

import pytest

from jiceng_pipeline.connectors import base
from jiceng_pipeline.core.errors import SourceRejected, SourceUnreachable
from jiceng_pipeline_tests.connectors import mariadb
from jiceng_pipeline_tests.connectors.reading import extract, taken


@pytest.fixture(scope="session")
def running():
    """Return a MariaDB server."""
    with mariadb.serving() as server:
        yield server


@pytest.fixture
def server(running):
    """Return the server with an empty database."""
    running.execute("drop database yb", "create database yb character set utf8mb4", database="mysql")
    return running


def read(url, columns, renames=None, **options):
    return taken("sql", columns, {"table": "cbxx", **options}, {"url": url}, renames)


def test_values_are_as_the_server_writes_them(server):
    server.execute(
        """create table cbxx (id bigint unsigned, day date, at datetime, moment timestamp null, flag tinyint(1),
        b bit(1), bytes blob, amount decimal(12,2), `real` double, words longtext, fixed char(8),
        kind enum('甲','乙'))""",
        """insert into cbxx values (18446744073709551615, '2024-05-01', '2024-05-01 08:00:00',
        from_unixtime(1714521600), 2, b'1', x'00ff', 12.50, 0.1, '王𠮷䶮 ', 'ab', '乙'),
        (null, null, null, null, null, null, null, null, null, '', '', null)""",
    )
    names = ["id", "day", "at", "moment", "flag", "b", "bytes", "amount", "real", "words", "fixed", "kind"]
    rows, found = read(server.url, names)
    at = "2024-05-01 08:00:00"
    whole = ["18446744073709551615", "2024-05-01", at, at, "2", "1", "00ff", "12.50", "0.1", "王𠮷䶮 ", "ab", "乙"]
    assert rows == [(1, *whole), (2, *[None] * 9, "", "", None)]
    assert (found.promised_rows, found.notes, found.rejects) == (2, {}, [])


def test_zero_dates_stay_what_they_are_and_are_counted(server):
    server.execute("create table cbxx (a date, b datetime)")
    server.execute("insert into cbxx values ('0000-00-00', '0000-00-00 00:00:00'), ('2024-05-00', '2024-05-01')")
    rows, found = read(server.url, ["a", "b"])
    assert rows == [(1, "0000-00-00", "0000-00-00 00:00:00"), (2, "2024-05-00", "2024-05-01 00:00:00")]
    assert found.notes == {"zero_dates": "2"}


@pytest.mark.parametrize(("charset", "text"), [("gbk", "王小二朎"), ("gb2312", "王小二"), ("utf8mb4", "王𠮷䶮")])
def test_chinese_of_every_character_set(server, charset, text):
    server.execute(f"create table cbxx (a varchar(20)) character set {charset}", f"insert into cbxx values ('{text}')")
    assert read(server.url, ["a"])[0] == [(1, text)]


def test_times_are_those_of_beijing_whatever_the_server_thinks(server):
    server.execute("create table cbxx (a timestamp)", "insert into cbxx values (from_unixtime(1714521600))")
    server.execute("set global time_zone = '+00:00'")
    assert read(server.url, ["a"])[0] == [(1, "2024-05-01 08:00:00")]


def test_a_row_with_nul_characters_is_rejected(server):
    server.execute("create table cbxx (a varchar(9))", "insert into cbxx values (concat('x', char(0))), ('y'), (null)")
    rows, found = read(server.url, ["a"])
    assert rows == [(2, "y"), (3, None)]
    assert [(reject.row, "NUL" in reject.reason) for reject in found.rejects] == [(1, True)]


def test_odd_names_are_names(server):
    server.execute("create table `参'保\"``表\\` (`姓 名` text, `select` text, `a``b` text)")
    server.execute("insert into `参'保\"``表\\` values ('甲', '乙', '丙')")
    rows, _ = read(server.url, ["姓 名", "select", "a`b"], table="参'保\"`表\\")
    assert rows == [(1, "甲", "乙", "丙")]


def test_a_schema_of_its_own_and_a_view(server):
    server.execute("create table cbxx (a text)", "insert into cbxx values ('1')")
    server.execute("create or replace view mysql.v_cbxx as select a from yb.cbxx")
    assert read(server.url, ["a"], schema="mysql", table="v_cbxx")[0] == [(1, "1")]
    server.execute("drop view mysql.v_cbxx")


def test_many_rows_come_in_batches_and_in_order(server):
    count = 2 * base.BATCH_ROWS + 7
    server.execute("create table cbxx (id int primary key)", f"insert into cbxx select seq from seq_1_to_{count}")
    sizes = []
    found = extract("sql", ["id"], {"table": "cbxx"}, {"url": server.url})
    for batch in found.batches:
        sizes.append(batch.num_rows)
        assert batch["id"].to_pylist() == [str(row) for row in batch["_row"].to_pylist()]
    assert sum(sizes) == found.promised_rows == count
    assert max(sizes) <= base.BATCH_ROWS


def test_count_and_rows_are_of_one_instant(server):
    count = 3 * base.BATCH_ROWS
    server.execute("create table cbxx (id int primary key)", f"insert into cbxx select seq from seq_1_to_{count}")
    found = extract("sql", ["id"], {"table": "cbxx"}, {"url": server.url})
    first = next(found.batches)
    server.execute("insert into cbxx select seq + 1000000 from seq_1_to_1000")
    assert first.num_rows + sum(batch.num_rows for batch in found.batches) == found.promised_rows == count


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("alter table cbxx drop column xm", "缺少列 xm"),
        ("alter table cbxx add column salary int", "多出列 salary"),
        ("alter table cbxx rename column xm to name", "缺少列 xm；多出列 name"),
        ("drop table cbxx", "没有这张表"),
    ],
)
def test_a_changed_table_is_refused_by_name(server, change, words):
    server.execute("create table cbxx (id text, xm text, sfz text)", change)
    with pytest.raises(SourceRejected, match=words) as caught:
        read(server.url, ["id", "xm", "sfz"])
    assert caught.value.where == "yb.cbxx"


def test_a_known_rename_and_swapped_columns(server):
    server.execute("create table cbxx (name text, id text)", "insert into cbxx values ('甲', '1')")
    rows, found = read(server.url, ["id", "xm"], {"name": "xm"})
    assert rows == [(1, "1", "甲")]
    assert found.notes == {"renamed": "name→xm"}


def test_one_contract_reads_the_same_table_from_mysql_and_from_sqlite(server, tmp_path):
    made = "create table cbxx (id varchar(20), xm varchar(20), cbrq varchar(20), je varchar(20))"
    filled = "insert into cbxx values ('1', '王𠮷', '2024-05-01', '12.50'), ('2', null, '', '0')"
    server.execute(made, filled)
    with sqlite3.connect(tmp_path / "yb.db") as database:
        database.execute(made)
        database.execute(filled)
    database.close()
    names = ["id", "xm", "cbrq", "je"]
    addresses = [{"url": server.url}, {"file": f"{tmp_path}/yb.db"}, {"url": f"sqlite:///{tmp_path}/yb.db"}]
    first, *others = [taken("sql", names, {"table": "cbxx"}, address)[0] for address in addresses]
    assert first == [(1, "1", "王𠮷", "2024-05-01", "12.50"), (2, "2", None, "", "0")]
    assert others == [first, first]


@pytest.mark.parametrize("login", ["someone:canary-password@127.0.0.1:1", "someone:canary-password@127.0.0.1:70000"])
def test_nobody_there_and_no_password_in_the_message(login):
    with pytest.raises(SourceUnreachable, match="连不上") as caught:
        read(f"mysql://{login}/yb", ["id"])
    assert "canary" not in str(caught.value)


def test_a_wrong_login_is_told(server):
    with pytest.raises(SourceUnreachable, match="Access denied"):
        read(server.url.replace("root@", "nobody:canary@"), ["id"])


def test_by_socket(server):
    server.execute("create table cbxx (a text)", "insert into cbxx values ('1')")
    address = f"mysql://root@/yb?socket={server.socket}"
    assert read(address, ["a"])[0] == [(1, "1")]


def test_a_server_that_ends_the_connection_is_worth_another_try(server):
    server.execute("create table cbxx (a text)", "insert into cbxx select repeat('x', 500) from seq_1_to_400000")
    found = extract("sql", ["a"], {"table": "cbxx"}, {"url": server.url})
    next(found.batches)
    others = "select id from information_schema.processlist where db = 'yb' and id <> connection_id()"
    server.execute(*(f"kill {number}" for (number,) in server.ask(others)))
    with pytest.raises(SourceUnreachable, match="读取中断"):
        list(found.batches)


def test_reading_can_stop_anywhere(server):
    server.execute("create table cbxx (a text)", "insert into cbxx select repeat('x', 500) from seq_1_to_200000")
    found = extract("sql", ["a"], {"table": "cbxx"}, {"url": server.url})
    next(found.batches)
    found.close()
    server.execute("drop table cbxx")


def test_a_url_without_a_database():
    with pytest.raises(SourceUnreachable, match="没有库名"):
        read("mysql://host", ["id"])
