"""What changed since: each store that can be asked so gives the rows from that value on, that one included."""

import sqlite3

import pytest

from jiceng_pipeline.connectors.base import Since, Source, load, options_of
from jiceng_pipeline.core.errors import SourceRejected
from jiceng_pipeline_tests.connectors import mariadb

ROWS = [("a", "2024-05-01 08:00:00"), ("b", "2024-05-02 08:00:00"), ("c", "2024-05-02 08:00:00.5"), ("d", None)]
VALUES = ", ".join(str(row) for row in ROWS).replace("None", "null")


def keys(kind, options, address, since, **source):
    """Return the keys of the rows that come, and how many were promised."""
    asked = Source("d/s", ("key", "at"), {"changed": "at"}, address, Since("at", since), **source)
    found = load(kind).read(asked, options_of(kind, options))
    rows = [row["key"] for batch in found.batches for row in batch.to_pylist()]
    return rows, found.promised_rows


@pytest.mark.parametrize("type_", ["timestamp", "timestamptz", "text"])
def test_postgresql(postgres, database, type_):
    database.execute(f"create table hukou.t (key text, changed {type_})")
    database.execute(f"insert into hukou.t values {VALUES}")
    options, address = {"schema": "hukou", "table": "t"}, {"url": postgres}
    assert keys("sql", options, address, "2024-05-02 08:00:00") == (["b", "c"], 2)
    assert keys("sql", options, address, "2024-05-02 08:00:01") == ([], 0)


def test_mysql():
    with mariadb.serving() as server:
        for table, type_ in {"a": "datetime(1)", "b": "varchar(30) character set gbk"}.items():
            server.execute(f"create table {table} (`key` varchar(9), changed {type_})")
            server.execute(f"insert into {table} values {VALUES}")
            found = keys("sql", {"table": table}, {"url": server.url}, "2024-05-02 08:00:00")
            assert found == (["b", "c"], 2)


@pytest.mark.parametrize("type_", ["text", "datetime", ""])
def test_sqlite(tmp_path, type_):
    path = tmp_path / "t.db"
    database = sqlite3.connect(path)
    database.execute(f"create table t (key text, changed {type_})")
    database.executemany("insert into t values (?, ?)", ROWS)
    database.commit()
    database.close()
    assert keys("sql", {"table": "t"}, {"file": str(path)}, "2024-05-02 08:00:00") == (["b", "c"], 2)
    quote = "2024-05-01' or 1=1 --"
    assert keys("sql", {"table": "t"}, {"file": str(path)}, quote) == (["b", "c"], 2)


def test_a_table_has_all_its_columns(tmp_path):
    path = tmp_path / "t.db"
    database = sqlite3.connect(path)
    database.execute("create table t (key text)")
    database.close()
    with pytest.raises(SourceRejected, match="缺少列 at"):
        keys("sql", {"table": "t"}, {"file": str(path)}, "x", optional=("at",))


def test_an_interface_is_asked_by_its_own_parameter_and_may_leave_a_column_out(interface):
    interface.records = [{"key": "a"}]
    options = {"path": "/r", "total": "total", "since": "updatedFrom"}
    found = keys("http_json", options, interface.address, "2024-05-02T08:00:00+08:00", optional=("at",))
    assert found == (["a"], 1)
    assert interface.visits == ["/r?page=1&size=1000&updatedFrom=2024-05-02T08%3A00%3A00%2B08%3A00"]
    del options["since"]
    keys("http_json", options, interface.address, "2024", optional=("at",))
    assert "2024" not in interface.visits[-1]
