"""Whoever edits the file is found out, and the first wrong event is named."""

import os
import random
import resource
import sqlite3

import pytest

from jiceng_pipeline.core.errors import IntegrityError, Locked, StorageFailure
from jiceng_pipeline.ledger import database
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.store import open_ledger

from .conftest import READ, filled

COUNT = 40


@pytest.fixture
def file(settings):
    filled(settings, COUNT)
    return settings.ledger


def edit(file, *statements):
    with sqlite3.connect(file) as connection:
        connection.execute("pragma synchronous = off")
        for name in ("update", "delete"):
            connection.execute(f"drop trigger if exists event_refuses_{name}")
        for statement in statements:
            connection.execute(statement)
        for guard in database.GUARDS:
            connection.execute(guard)
    connection.close()


@pytest.mark.parametrize("act", ["update event set actor = 'x'", "delete from event where seq = 3"])
def test_the_table_itself_refuses(file, act):
    connection = sqlite3.connect(file)
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        connection.execute(act)
    connection.close()


EDITS = {
    "kind": "update event set kind = 'grant' where seq = {n}",
    "subject": "update event set subject = subject || ' ' where seq = {n}",
    "body": "update event set body = replace(body, 'granted', 'denied') where seq = {n}",
    "a space in the body": "update event set body = replace(body, ':', ': ') where seq = {n}",
    "broken text": "update event set body = cast(x'ff' as text) where seq = {n}",
    "actor": "update event set actor = 'somebody' where seq = {n}",
    "time": "update event set at = '2000-01-01T00:00:00+00:00' where seq = {n}",
    "previous": "update event set previous = hash where seq = {n}",
    "hash": "update event set hash = upper(hash) where seq = {n}",
    "delete": "delete from event where seq = {n}",
    "renumber": "update event set seq = -seq where seq = {n}",
}


@pytest.mark.parametrize("number", [1, 17, COUNT])
@pytest.mark.parametrize("what", EDITS)
def test_an_edit_is_found_and_named(settings, file, what, number):
    edit(file, EDITS[what].format(n=number))
    named = -number if what == "renumber" else number
    with pytest.raises(IntegrityError, match=f"第 {named} 条") as caught, open_ledger(settings) as ledger:
        ledger.verify()
    assert caught.value.exit_code == 8


def test_a_thousand_random_edits_deletes_swaps_inserts_and_cuts_are_found(settings, file):
    chance = random.Random(20261124)
    whole = file.read_bytes()
    columns = "kind, subject, body, actor, at, previous, hash"
    for _ in range(1_000):
        first, second = sorted(chance.sample(range(1, COUNT + 1), 2))
        what, edit_of_one = chance.choice(list(EDITS.items()))
        statements, named = chance.choice([
            ([edit_of_one.format(n=first)], -first if what == "renumber" else first),
            ([f"delete from event where seq >= {first}"], first),
            ([f"insert into event select {COUNT + 1}, {columns} from event where seq = {first}"], COUNT + 1),
            ([f"insert into event select 0, {columns} from event where seq = {first}"], 0),
            ([f"update event set seq = 1000 where seq = {first}",
              f"update event set seq = {first} where seq = {second}",
              f"update event set seq = {second} where seq = 1000"], first),
        ])  # fmt: skip
        edit(file, *statements)
        with pytest.raises(IntegrityError, match=f"第 {named} 条"), open_ledger(settings) as ledger:
            ledger.verify()
        file.write_bytes(whole)


def test_a_cut_tail_is_noticed_on_opening(settings, file):
    edit(file, f"delete from event where seq > {COUNT - 2}")
    with pytest.raises(IntegrityError, match=f"第 {COUNT - 1} 条"):
        open_ledger(settings)


def test_a_rewritten_chain_does_not_fit_the_head_on_record(settings, file):
    file.rename(file.with_suffix(".old"))
    head = settings.ledger.with_suffix(".head")
    kept = head.read_bytes()
    head.unlink()
    filled(settings, COUNT + 5)
    head.write_bytes(kept)
    with pytest.raises(IntegrityError, match=f"第 {COUNT} 条"):
        open_ledger(settings)


def test_a_missing_file_is_not_quietly_begun_anew(settings, file):
    file.unlink()
    with pytest.raises(IntegrityError, match=f"应有 {COUNT} 条"):
        open_ledger(settings)
    assert not file.exists()


def test_removed_triggers_are_noticed(settings, file):
    with sqlite3.connect(file) as connection:
        connection.execute("drop trigger event_refuses_delete")
    connection.close()
    with open_ledger(settings) as ledger, pytest.raises(IntegrityError, match="触发器"):
        ledger.verify()


@pytest.mark.parametrize("is_hidden", [False, True])
@pytest.mark.parametrize("index", [index.name for index in database.INDEXES])
def test_an_index_without_one_event_is_noticed(settings, file, index, is_hidden):
    with open_ledger(settings) as ledger:
        given = Grant(
            actor="spy", scope="320613", datasets="*", profiles=("full",), purposes="*", granted_by="operator"
        )
        number = ledger.append("grant", given.subject, given, "operator").seq
    with sqlite3.connect(file, isolation_level=None) as connection:
        ((said,),) = connection.execute("select sql from sqlite_master where name = ?", [index]).fetchall()
        connection.execute(f"drop index {index}")
        connection.execute(f"{said} {'and' if 'WHERE' in said else 'where'} seq <> {number}")
        if is_hidden:
            connection.execute("pragma writable_schema = on")
            connection.execute("update sqlite_master set sql = ? where name = ?", [said, index])
    connection.close()
    with open_ledger(settings) as ledger, pytest.raises(IntegrityError, match="索引与内容不符"):
        ledger.verify()


@pytest.mark.parametrize("damage", [b"not a database at all" * 50, b""])
def test_a_damaged_file_is_named_not_used(settings, file, damage):
    file.write_bytes(damage)
    with pytest.raises(IntegrityError), open_ledger(settings) as ledger:
        ledger.append("audit", "s", READ, "operator")


def test_a_damaged_head_record_is_named(settings, file):
    settings.ledger.with_suffix(".head").write_text("17")
    with pytest.raises(IntegrityError, match="末号"):
        open_ledger(settings)


def test_a_head_record_behind_the_ledger_is_what_a_crash_leaves(settings, file):
    head = settings.ledger.with_suffix(".head")
    kept = head.read_bytes()
    filled(settings, 1)
    head.write_bytes(kept)
    with open_ledger(settings) as ledger:
        assert ledger.verify().seq == COUNT + 1


def test_a_full_disk_is_a_storage_failure_and_loses_nothing(settings, file):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with open_ledger(settings) as ledger:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size // 2, limits[1]))
        try:
            with pytest.raises(StorageFailure):
                for _ in range(100):
                    ledger.append("audit", "s" * 200, READ, "operator")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        last = ledger.append("audit", "s", READ, "operator")
        assert ledger.verify() == last.head


def test_a_folder_in_its_place_is_a_storage_failure(settings):
    settings.ledger.mkdir(parents=True)
    with pytest.raises(StorageFailure):
        open_ledger(settings)


def test_a_ledger_that_stays_busy_is_locked(settings, file, monkeypatch):
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.05)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("begin immediate")
    with open_ledger(settings) as ledger, pytest.raises(Locked):
        ledger.append("audit", "s", READ, "operator")
    holder.close()


def test_a_forked_child_appends_through_connections_of_its_own(settings):
    with open_ledger(settings) as ledger:
        ledger.append("audit", "parent", READ, "operator")
        child = os.fork()
        if child == 0:
            try:
                ledger.append("audit", "child", READ, "operator")
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        ledger.append("audit", "parent", READ, "operator")
        assert [event.subject for event in ledger.events()] == ["parent", "child", "parent"]
        ledger.verify()
