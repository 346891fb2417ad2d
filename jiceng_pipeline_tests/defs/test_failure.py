"""What an error may tell, and what it must not."""

import errno
import os
import sqlite3
import traceback

import dagster as dg
import duckdb
import pytest

from jiceng_pipeline.core.errors import JicengError, SourceRejected, StorageFailure
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs.failure import guarded
from jiceng_pipeline.warehouse.connection import connect

CANARY = "320602199001011234"


def outcome_of(body):
    noted = []
    try:
        guarded("governance.resident", body, noted.append)
    except BaseException as error:
        assert noted == [error]
        return error
    raise AssertionError("nothing was raised")


def raising(error):
    def body():
        raise error

    return body


def test_a_value_passes_through():
    assert guarded("somewhere", lambda: 3, lambda _: None) == 3


def test_a_foreign_error_loses_its_values_and_its_causes():
    def body():
        try:
            duckdb.sql(f"select cast('{CANARY}王小明' as integer)").fetchall()
        except duckdb.Error as error:
            raise ValueError(f"row {CANARY} 王小明") from error

    error = outcome_of(body)
    assert type(error) is JicengError
    told = "".join(traceback.format_exception(error))
    assert CANARY not in told
    assert "王小明" not in told
    assert "ValueError" in error.what
    assert "governance.resident" in error.where
    assert error.__cause__ is error.__context__ is None


def test_an_error_of_ours_keeps_its_kind_and_words():
    error = outcome_of(raising(SourceRejected("缺少列 xm", where="hukou.t_czrk", cure="补上")))
    assert (type(error), str(error)) == (SourceRejected, "hukou.t_czrk；缺少列 xm；补上")


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "/somewhere/file"),
        PermissionError(errno.EACCES, "Permission denied", "/somewhere/file"),
        duckdb.IOException('Could not write file "x": No space left on device'),
        sqlite3.OperationalError("disk I/O error"),
        sqlite3.OperationalError("attempt to write a readonly database"),
        sqlite3.OperationalError("unable to open database file"),
    ],
)
def test_a_full_or_forbidden_disk_is_said_to_be_one(error):
    assert outcome_of(raising(error)).exit_code == 7


@pytest.mark.parametrize("left", [0, 100, 5_000, 300_000])
def test_half_a_database_is_said_to_be_damaged(tmp_path, left):
    path, settings = tmp_path / "half.duckdb", Settings(home=tmp_path)
    with connect(path, settings=settings) as connection:
        connection.execute("create table t as select range as n from range(500000)")
    os.truncate(path, left)

    def body():
        with connect(path, settings=settings, read_only=True) as connection:
            connection.execute("select sum(n) from t").fetchall()

    assert outcome_of(body).exit_code == 8


def test_a_damaged_database_is_said_to_be_one(tmp_path):
    (tmp_path / "broken.duckdb").write_bytes(b"0" * 4096)

    def body():
        with connect(tmp_path / "broken.duckdb", settings=Settings(home=tmp_path), read_only=True):
            pass

    assert outcome_of(body).exit_code == 8


def test_another_error_of_the_system_is_not_blamed_on_the_disk():
    assert not isinstance(outcome_of(raising(ConnectionResetError(errno.ECONNRESET, "reset"))), StorageFailure)


def test_an_interrupt_stays_one_when_a_library_has_wrapped_it():
    def body():
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as interrupt:
            raise RuntimeError("Query interrupted") from interrupt

    assert isinstance(outcome_of(body), dg.DagsterExecutionInterruptedError)
