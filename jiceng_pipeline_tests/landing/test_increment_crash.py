"""An increment whose pull is killed: nothing half, nothing lost, and asked for again from the same cursor."""

import json
import sqlite3
import time
from contextlib import closing

import pytest

from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import snapshot
from jiceng_pipeline_tests.connectors.interface import hang, says
from jiceng_pipeline_tests.landing.changing import CHANGING, CONTRACT, DELIVERY, Platform
from jiceng_pipeline_tests.landing.standardised import conserved
from jiceng_pipeline_tests.landing.test_crash import kill, start, visible
from jiceng_pipeline_tests.landing.trial import FIELDS, Register

TABLE = {
    **CHANGING,
    "connector": FIELDS["connector"],
    "delivery": {**DELIVERY, "cursor": "changed"},
    "columns": {"姓名": "name", "证号": "citizen_id", "changed": "record_updated_date"},
}
COLUMNS = ("姓名", "证号", "编号", "changed", "deleted")
COUNT = 40_000
FIRST, SECOND = "2026-05-01 08:00:00", "2026-05-02 08:00:00"


def change_half(register):
    """End a quarter of the records, change a quarter, and add as many."""
    with closing(sqlite3.connect(register.path)) as database:
        database.execute("update T set deleted = '1', changed = ? where rowid % 4 = 0", [SECOND])
        database.execute("update T set 姓名 = '新' || 姓名, changed = ? where rowid % 4 = 1", [SECOND])
        database.execute("insert into T select 姓名, 证号, 'N' || 编号, ?, '0' from T where rowid % 4 = 2", [SECOND])
        database.commit()


@pytest.fixture
def changed(register):
    """Return a register that was pulled once and has changed a lot since."""
    register.hold(*((f"人{i}", str(i), str(i), FIRST, "0") for i in range(COUNT)), columns=COLUMNS)
    assert register.pull(Contract.model_validate(TABLE)).records == COUNT
    change_half(register)
    return register


@pytest.fixture(scope="module")
def seconds(tmp_path_factory):
    """Return how long the pull of the increment takes here when nobody kills it."""
    whole = Register(tmp_path_factory.mktemp("whole"))
    whole.hold(*((f"人{i}", str(i), str(i), FIRST, "0") for i in range(COUNT)), columns=COLUMNS)
    whole.pull(Contract.model_validate(TABLE))
    change_half(whole)
    began = time.monotonic()
    with start(whole, TABLE) as child:
        assert child.wait() == 0
    return time.monotonic() - began


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8, 0.95])
def test_killed_at_any_time(changed, seconds, share):
    contract = Contract.model_validate(TABLE)
    before = visible(changed)
    child = start(changed, TABLE)
    time.sleep(share * seconds)
    kill(child)

    after = visible(changed)
    assert {name: after[name] for name in before} == before
    for taken in snapshot.snapshots(changed.settings, contract):
        snapshot.verify(taken)

    found = changed.pull(contract)
    landed = snapshot.in_force(changed.settings, contract).meta
    assert (landed["delivery"], landed["cursor_from"], landed["cursor"]) == ("incremental", FIRST, SECOND), found.error
    assert (landed["rows_new"], landed["rows_changed"], landed["rows_ended"]) == (COUNT // 4,) * 3
    assert found.records == COUNT
    assert list(changed.folder.rglob(".*")) == []
    assert conserved(changed.settings, contract) == (COUNT, COUNT, 0)


def test_killed_while_the_source_is_still_talking(register):
    with Platform() as platform:
        register.connect(**platform.address)
        for number in range(5):
            platform.put(f"{number}", "王", f"2026-05-01T08:00:0{number}")
        first = register.pull(CONTRACT)
        before = visible(register)
        for number in range(5):
            platform.put(f"{number}", "李", f"2026-05-02T08:00:0{number}")
        page = {"code": 0, "total": 5, "data": list(platform.held.values())[:3]}
        asked = len(platform.asked)
        platform.faults = [says(page), hang]
        child = start(register, json.loads(json.dumps(CHANGING)))
        while len(platform.asked) < asked + 2:
            time.sleep(0.01)
        kill(child)
        assert visible(register) == before
        found = register.pull(CONTRACT)
        assert (found.cursor_from, found.rows_changed) == (first.cursor, 5), found.error
