"""The medical insurance's table in a MariaDB server of the simulation's own: the same rows by the same contract."""

import json
import sqlite3
from contextlib import closing
from datetime import date

import duckdb
import pyarrow as pa
import pytest
import yaml

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing.pull import pull
from jiceng_pipeline.simulation import mariadb
from jiceng_pipeline.simulation.running import database, running, transition
from jiceng_pipeline.simulation.simulate import simulate
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests import installed

INSURED = "medical_insurance/insured_person"


@pytest.fixture(scope="module")
def made(city, tmp_path_factory):
    """Return a home whose medical insurance keeps its table in MariaDB, with all servers running."""
    installed.mariadb()
    settings = Settings(home=tmp_path_factory.mktemp("medical"))
    day = date.fromisoformat(json.loads((city.simulated / "city.json").read_text("utf-8"))["as_of"])
    assert simulate(settings, scale="community", seed=7, as_of=day, medical_store="mariadb").is_new
    with running(settings):
        yield settings


def url(settings):
    return yaml.safe_load(settings.connections.read_text("utf-8"))[INSURED]["url"]


def test_both_stores_hold_the_same_rows(made, city):
    assert url(made).startswith("mysql://jiceng@localhost/yibao?socket=/")
    contract, file = contracts()[INSURED], url(city).removeprefix("sqlite:///")
    columns = ", ".join(contract.source_columns)
    with closing(sqlite3.connect(file)) as connection:
        embedded = connection.execute(f"select {columns} from AC01").fetchall()
    outcome = pull(contract, made)
    assert (outcome.status, outcome.rows_in) == ("landed", len(embedded))
    landed = next((made.landing / INSURED).rglob("rows.parquet"))
    with connect() as scratch:
        found = scratch.execute(f"select {columns} from read_parquet('{landed}')").fetchall()
    assert sorted(found, key=repr) == sorted(embedded, key=repr)


def test_the_reader_may_not_write(made):
    with connect(extensions=["mysql_scanner"]) as connection:
        socket = url(made).partition("?socket=")[2]
        connection.execute(f"create secret login (type mysql, socket '{socket}', user 'jiceng', database 'yibao')")
        connection.execute("attach '' as server (type mysql, secret login)")
        with pytest.raises(duckdb.Error, match="denied"):
            connection.execute("call mysql_execute('server', 'delete from AC01')")


def test_a_city_is_not_moved_into_another_store_while_its_servers_run(made):
    with transition(made), pytest.raises(UsageError, match="正在运行"), database(made, "sqlite"):
        pass
    with transition(made), database(made) as address:
        assert address.startswith("postgresql://")


def test_nothing_is_written_again(made):
    assert not simulate(made, scale="community", seed=7, medical_store="mariadb").is_new


def test_a_server_nobody_noted_is_ended_before_the_next(tmp_path, made):
    data = tmp_path / "mariadb"
    with mariadb.serving(data, lambda server: None) as first:
        assert mariadb.left_behind(data) == first.process
        with mariadb.serving(data, lambda server: None) as second:
            assert not first.process.is_alive
        assert not second.process.is_alive
        assert not second.folder.exists()


def test_an_unknown_store_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="oracle"):
        simulate(Settings(home=tmp_path), medical_store="oracle")


def test_where_it_is_not_installed_the_package_is_named(monkeypatch):
    monkeypatch.setattr(mariadb.shutil, "which", lambda name, path: None)
    with pytest.raises(UsageError, match="mariadb-server-core"):
        mariadb.program("mariadbd")


def test_cells_come_back_as_they_went(tmp_path, made):
    rows = pa.table({"a": ["1", "2", "3"], "b": ['a"b,\\n\n', None, ""]})
    with running(made) as servers:
        mariadb.execute(servers.mysql, "create database d", "create table d.t (a int primary key, b text)")
        mariadb.fill(servers.mysql, "d.t", [rows.slice(0, 1), rows.slice(1)], tmp_path / "rows.csv")
        with connect(extensions=["mysql_scanner"]) as connection:
            socket = servers.mysql.partition("?socket=")[2]
            connection.execute(f"create secret login (type mysql, socket '{socket}', user 'root', database 'd')")
            connection.execute("attach '' as server (type mysql, secret login)")
            found = connection.execute("select b from mysql_query('server', 'select * from t order by a')").fetchall()
        mariadb.execute(servers.mysql, "drop database d")
    assert [each for (each,) in found] == rows["b"].to_pylist()
    assert not list(tmp_path.glob("rows*"))
