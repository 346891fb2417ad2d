"""Increments: what is asked for, what lands, and what is then in force."""

import json
import sqlite3

import pyarrow.parquet as pq
import pytest

from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import outcome, snapshot
from jiceng_pipeline_tests.connectors.interface import says, status
from jiceng_pipeline_tests.landing.changing import CHANGING, CONTRACT, DELIVERY
from jiceng_pipeline_tests.landing.standardised import conserved, counts, in_force
from jiceng_pipeline_tests.landing.trial import FIELDS


def rows(register, contract=CONTRACT):
    return pq.read_table(snapshot.in_force(register.settings, contract).rows).to_pylist()


def test_the_first_pull_asks_for_everything(register, platform):
    found = register.pull(CONTRACT)
    assert (found.status, found.delivery, found.cursor_from, found.records) == ("landed", "full", None, 3), found.error
    assert found.cursor == "2026-05-01T08:00:03"
    assert set(platform.since) == {None}
    assert [row["_ended"] for row in rows(register)] == [False] * 3


def test_an_increment_is_what_changed(register, platform, on):
    first = register.pull(CONTRACT)
    on(1)
    platform.put("a", "王新", "2026-05-02T08:00:00")
    platform.put("d", "王丁", "2026-05-02T08:00:01")
    platform.end("b", "2026-05-02T08:00:02")
    found = register.pull(CONTRACT)
    assert (found.status, found.delivery) == ("landed", "incremental"), found.error
    assert platform.since[-1] == found.cursor_from == first.cursor == "2026-05-01T08:00:03"
    assert counts(found) == (1, 1, 1, 1)
    assert found.rows_in == found.rows_accepted == 4
    assert found.records == first.records + found.rows_new - found.rows_ended == 3
    assert [(row["编号"], row["_ended"]) for row in rows(register)] == [("a", False), ("d", False), ("b", True)]
    meta = snapshot.in_force(register.settings, CONTRACT).meta
    assert (meta["delivery"], meta["base"]) == ("incremental", first.snapshot)
    assert meta["cursor"] == found.cursor == "2026-05-02T08:00:02"
    assert in_force(register) == ({"王新", "王c", "王丁"}, {"王b"})
    assert conserved(register.settings, CONTRACT) == (3, 3, 0)


def test_a_record_that_ended_need_not_have_all_its_fields(register, platform, on):
    register.pull(CONTRACT)
    on(1)
    for key in "cb":
        platform.end(key, "2026-05-02T08:00:00")
        del platform.ended[key]["姓名"], platform.ended[key]["证号"]
        assert register.pull(CONTRACT).rows_ended == 1
    assert in_force(register) == ({"王a"}, {"王b", "王c"})


def test_a_field_without_a_value_may_be_left_out_of_an_increment_but_no_other_may_stand_there(register, platform, on):
    platform.held["a"]["证号"] = "1"
    for each in "bc":
        del platform.held[each]["证号"]
    assert register.pull(CONTRACT).status == "landed"
    on(1)
    platform.put("d", "王丁", "2026-05-02T09:00:00")
    del platform.held["d"]["证号"]
    found = register.pull(CONTRACT)
    assert (found.status, found.delivery, found.rows_new) == ("landed", "incremental", 1), found.error
    assert [(row["姓名"], row["证号"]) for row in rows(register)] == [("王丁", None)]
    platform.put("e", "王戊", "2026-05-02T10:00:00")
    platform.held["e"]["身份证"] = platform.held["e"].pop("证号")
    assert "多出列 身份证" in register.pull(CONTRACT).error["what"]
    on(8)
    for each in platform.held.values():
        each.pop("证号", None), each.pop("身份证", None)
    found = register.pull(CONTRACT)
    assert (found.delivery, found.status) == ("full", "failed")
    assert "缺少列 证号" in found.error["what"]


def test_an_increment_without_news_makes_no_folder_and_says_from_where_it_asked(register, platform, on):
    first = register.pull(CONTRACT)
    before = register.files()
    on(1)
    found = register.pull(CONTRACT)
    assert (found.status, found.snapshot, found.rows_in, found.rows_repeated) == ("unchanged", first.snapshot, 1, 1)
    (written,) = register.files().keys() - before.keys()
    assert json.loads(register.files()[written])["cursor_from"] == first.cursor
    assert found.records == 3


def test_an_increment_may_be_empty(register, platform, on):
    register.pull(CONTRACT)
    on(1)
    platform.forget("c")  # the only one at the highest instant
    found = register.pull(CONTRACT)
    assert (found.status, found.rows_in) == ("unchanged", 0), found.error
    assert in_force(register)[0] == {"王a", "王b", "王c"}


def test_several_rows_at_one_instant_are_not_lost(register, platform, on):
    register.pull(CONTRACT)
    on(1)
    platform.put("d", "王丁", "2026-05-01T08:00:03")  # as late as the latest that was taken
    found = register.pull(CONTRACT)
    assert counts(found) == (1, 0, 0, 1)


def test_a_sweep_ends_whatever_is_gone(register, platform, on):
    register.pull(CONTRACT)
    on(1)
    platform.put("d", "王丁", "2026-05-02T08:00:00")
    register.pull(CONTRACT)
    on(2)
    platform.forget("a")
    assert register.pull(CONTRACT).status == "unchanged"
    on(6)
    assert register.pull(CONTRACT).delivery == "incremental"
    on(7)
    found = register.pull(CONTRACT)
    assert (found.delivery, found.status, found.records) == ("full", "landed", 3)
    assert in_force(register) == ({"王b", "王c", "王丁"}, {"王a"})
    on(13)
    assert register.pull(CONTRACT).delivery == "incremental"
    on(14)
    assert (register.pull(CONTRACT).delivery, register.pull(CONTRACT).delivery) == ("full", "incremental")


def test_a_record_that_ended_and_comes_again_is_new(register, platform, on):
    register.pull(CONTRACT)
    on(1)
    platform.end("b", "2026-05-02T08:00:00")
    register.pull(CONTRACT)
    on(2)
    platform.put("b", "王b", "2026-05-03T08:00:00")
    found = register.pull(CONTRACT)
    assert (counts(found), found.records) == ((1, 0, 0, 0), 3)
    assert in_force(register) == ({"王a", "王b", "王c"}, set())


def test_a_system_that_marks_rows_and_keeps_them_ends_them_in_full_pulls_too(register, platform):
    platform.held["b"]["deleted"] = 1
    platform.held["a"]["deleted"] = 0
    found = register.pull(CONTRACT)
    assert (found.rows_in, found.rows_accepted, found.rows_ended, found.records) == (3, 3, 1, 2)
    assert in_force(register)[0] == {"王a", "王c"}
    assert conserved(register.settings, CONTRACT) == (2, 2, 0)


def test_rows_that_cannot_be_read_stay_in_quarantine_until_the_sweep(register, platform, on):
    platform.put("", "无名", "2026-05-01T07:00:00")
    assert register.pull(CONTRACT).rows_rejected == 1
    on(1)
    platform.put("d", "王丁", "2026-05-02T08:00:00")
    platform.put("  ", "无号", "2026-05-02T08:00:01")
    found = register.pull(CONTRACT)
    assert (found.rows_in, found.rows_accepted, found.rows_rejected) == (3, 2, 1)
    assert conserved(register.settings, CONTRACT) == (6, 4, 2)
    on(2)
    platform.put("e", "王戊", "2026-05-03T08:00:00")
    assert register.pull(CONTRACT).rows_rejected == 1  # it has the highest instant and comes again
    on(7)
    platform.forget("")
    register.pull(CONTRACT)
    assert conserved(register.settings, CONTRACT) == (6, 5, 1)


def test_of_one_key_only_the_latest_row_counts(register, platform, on):
    platform.held["x"] = {**platform.held["a"], "姓名": "王旧", "updateTime": "2026-05-01T07:00:00"}
    found = register.pull(CONTRACT)
    assert (found.rows_accepted, found.rows_rejected) == (3, 1)
    assert in_force(register)[0] == {"王a", "王b", "王c"}
    rejects = pq.read_table(snapshot.in_force(register.settings, CONTRACT).rejects).to_pylist()
    assert ["主键重复" in each["reason"] for each in rejects] == [True]


def test_a_mistyped_day_in_the_future_hides_nothing(register, platform, on):
    platform.put("d", "王丁", "2206-05-01T08:00:00")
    assert register.pull(CONTRACT).cursor == "2026-05-01T08:00:03"


@pytest.mark.parametrize("written", ["2026/5/1 8:00", "20260501080000", "昨天"])
def test_an_instant_that_is_written_otherwise_hides_nothing(register, platform, on, written):
    assert register.pull(CONTRACT).cursor == "2026-05-01T08:00:03"
    platform.put("d", "王丁", written)
    on(1)
    assert (register.pull(CONTRACT).rows_new, register.pull(CONTRACT).cursor) == (1, "2026-05-01T08:00:03")
    platform.put("a", "王甲", "2026-05-02T08:00:00")
    found = register.pull(CONTRACT)
    assert (found.delivery, found.rows_changed, found.cursor) == ("incremental", 1, "2026-05-02T08:00:00")


@pytest.mark.parametrize("fault", [status(500), says(b"<html>"), says({"code": 0, "total": 9, "data": []})])
def test_what_was_lost_on_the_way_is_asked_for_again(register, platform, on, fault):
    first = register.pull(CONTRACT)
    on(1)
    platform.put("d", "王丁", "2026-05-02T08:00:00")
    platform.faults = [fault]
    failed = register.pull(CONTRACT)
    assert (failed.status, failed.delivery, failed.cursor_from) == ("failed", "incremental", first.cursor)
    platform.put("e", "王戊", "2026-05-02T09:00:00")
    assert register.pull(CONTRACT).rows_new == 2
    assert platform.since[-1] == first.cursor


def test_half_a_sweep_is_refused(register, platform, on):
    register.pull(CONTRACT)
    on(7)
    platform.forget("a")
    platform.forget("b")
    found = register.pull(CONTRACT)
    assert (found.status, found.delivery) == ("failed", "full")
    assert "半截文件" in found.error["what"]


def test_a_database_is_asked_for_what_changed(register, on):
    fields = {**CHANGING, "connector": FIELDS["connector"], "delivery": {**DELIVERY, "cursor": "changed"}}
    fields["columns"] = {"姓名": "name", "证号": "citizen_id", "changed": "record_updated_date"}
    fields["renames"] = {"更新时间": "changed"}
    contract = Contract.model_validate(fields)
    columns = ("姓名", "证号", "编号", "更新时间", "deleted")
    day_one, day_two = "2026-05-01 08:00:00", "2026-05-02 08:00:00"
    register.hold(("王", "1", "a", day_one, "0"), ("李", "2", "b", day_one, "0"), columns=columns)
    assert register.pull(contract).records == 2
    on(1)
    with sqlite3.connect(register.path) as database:
        database.execute("update T set deleted = '1', 更新时间 = ? where 编号 = 'a'", [day_two])
        database.execute("insert into T values ('赵', '3', 'c', ?, '0')", [day_two])
    database.close()
    found = register.pull(contract)
    assert (found.status, found.delivery, found.rows_in) == ("landed", "incremental", 3), found.error
    assert (counts(found), found.records) == ((1, 0, 1, 1), 2)
    assert in_force(register, contract) == ({"李", "赵"}, {"王"})


def test_outcomes_of_increments_read_back(register, platform):
    register.pull(CONTRACT)
    found = register.pull(CONTRACT)
    assert outcome.latest(register.settings, CONTRACT) == found
