"""Connections: hardened, offline, closed, and with our functions inside the file."""

import duckdb
import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse.connection import connect


def test_an_error_inside_the_block_frees_the_file(tmp_path):
    path = tmp_path / "a.duckdb"
    with pytest.raises(ZeroDivisionError), connect(path) as connection:
        connection.execute("create table t as select 1")
        raise ZeroDivisionError
    with connect(path, read_only=True) as connection:
        assert connection.execute("from t").fetchall() == [(1,)]


def test_a_file_carries_our_functions(tmp_path):
    path = tmp_path / "a.duckdb"
    with connect(path):
        pass
    with duckdb.connect(str(path), read_only=True) as plain:
        assert plain.execute("select std_name(' 王 芳 ')").fetchall() == [("王芳",)]


def test_nothing_is_downloaded():
    with connect() as connection, pytest.raises(duckdb.Error):
        connection.execute("install httpfs; load httpfs")


def test_others_are_attached_read_only(tmp_path):
    with connect(tmp_path / "a.duckdb") as connection:
        connection.execute("create table t as select 1 as n")
    with connect(settings=Settings(home=tmp_path), attach={"other": tmp_path / "a.duckdb"}) as connection:
        assert connection.execute("select n from other.t").fetchall() == [(1,)]
        with pytest.raises(duckdb.Error):
            connection.execute("insert into other.t values (2)")


def test_a_place_that_cannot_be_written_is_said_by_duckdb_and_nothing_is_left(tmp_path):
    with pytest.raises(duckdb.IOException), connect(tmp_path / "nowhere" / "new.duckdb"):
        pass
    with connect(tmp_path / "new.duckdb"):
        assert [path.name for path in tmp_path.iterdir()] == ["new.duckdb"]
