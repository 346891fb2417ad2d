import datetime as dt

import pytest

from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.landing import outcome, snapshot
from jiceng_pipeline_tests.landing.trial import CONTRACT


def test_a_clock_that_stands_still_still_orders_pulls(register, monkeypatch):
    monkeypatch.setenv("JICENG_NOW", "2026-11-24T10:00:00+08:00")
    first = register.pull()
    register.hold(("赵", "3", "C"), ("钱", "4", "D"))
    second, third = register.pull(), register.pull()
    assert first.snapshot.startswith("20261124T020000.000000Z-")
    assert second.snapshot.startswith("20261124T020000.000001Z-")
    assert third.snapshot == second.snapshot
    names = sorted(path.name for path in outcome.folder(register.settings, CONTRACT).iterdir())
    assert names == [f"20261124T020000.00000{place}Z.json" for place in range(3)]
    assert outcome.latest(register.settings, CONTRACT) == third


def test_a_clock_that_goes_back_does_not_bring_back_old_data(register, monkeypatch):
    monkeypatch.setenv("JICENG_NOW", "2026-11-24T10:00:00+08:00")
    register.pull()
    register.hold(("赵", "3", "C"), ("钱", "4", "D"))
    monkeypatch.setenv("JICENG_NOW", "2026-11-20T10:00:00+08:00")
    found = register.pull()
    assert snapshot.in_force(register.settings, CONTRACT).name == found.snapshot
    assert len(snapshot.snapshots(register.settings, CONTRACT)) == 2


def test_the_day_of_a_stamp_is_the_day_in_shanghai():
    assert snapshot.local_date("20261124T155959.999999Z") == dt.date(2026, 11, 24)
    assert snapshot.local_date("20261124T160000.000000Z") == dt.date(2026, 11, 25)


def test_before_the_first_pull_there_is_nothing(register):
    assert snapshot.snapshots(register.settings, CONTRACT) == []
    assert snapshot.in_force(register.settings, CONTRACT) is None
    assert outcome.latest(register.settings, CONTRACT) is None


def test_an_outcome_reads_back_as_it_was(register):
    found = register.pull()
    (path,) = outcome.folder(register.settings, CONTRACT).iterdir()
    assert outcome.Outcome.read(path) == found
    path.write_text("{}")
    with pytest.raises(IntegrityError):
        outcome.Outcome.read(path)


def test_a_changed_byte_is_noticed(register):
    register.pull()
    taken = snapshot.in_force(register.settings, CONTRACT)
    content = bytearray(taken.rows.read_bytes())
    content[100] ^= 1
    taken.rows.write_bytes(content)
    assert snapshot.is_whole(taken)
    with pytest.raises(IntegrityError, match="快照已损坏"):
        snapshot.verify(taken)
