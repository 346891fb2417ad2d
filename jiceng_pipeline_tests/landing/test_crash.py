"""A pull that is killed: nothing half, nothing lost, and the next one clears up."""

import json
import signal
import subprocess
import sys
import time

import pytest

from jiceng_pipeline.landing import outcome, snapshot
from jiceng_pipeline_tests.connectors.interface import Interface, hang, says
from jiceng_pipeline_tests.landing.trial import COLUMNS, CONTRACT, FIELDS, Register

CROWD = [(f"人{i}", str(i), "A") for i in range(40_000)]

PULL = """
import sys, json
from pathlib import Path
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing.pull import pull
print("ready", flush=True)
pull(Contract.model_validate(json.loads(sys.argv[2])), Settings(home=Path(sys.argv[1])))
"""


def start(register, fields=FIELDS):
    command = [sys.executable, "-c", PULL, str(register.settings.home), json.dumps(fields)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"ready\n"
    return child


def kill(child):
    child.send_signal(signal.SIGKILL)
    with child:
        child.wait()


def visible(register):
    """Return the files in landing that anything reads: not those below a name that begins with a dot."""
    return {
        name: data for name, data in register.files().items() if not any(p.startswith(".") for p in name.split("/"))
    }


def test_killed_while_the_source_is_still_talking(register):
    register.pull()
    before = visible(register)
    options = {"path": "/r", "total": "total", "page_size": 1}
    with Interface() as interface:
        interface.records = [dict(zip(COLUMNS, ("赵", str(i), "C"), strict=True)) for i in range(4)]
        interface.faults = [says(interface.page(1, 1)), hang]
        register.connect(**interface.address)
        child = start(register, {**FIELDS, "connector": {"kind": "http_json", "options": options}})
        while len(interface.asked) < 2:
            time.sleep(0.01)
        kill(child)
    assert visible(register) == before
    assert [path.name for path in register.folder.iterdir() if path.name.startswith(".")] != []

    register.connect(file=str(register.path))
    assert register.pull().status == "unchanged"
    assert [path.name for path in register.folder.rglob(".*")] == []


@pytest.fixture(scope="module")
def seconds(tmp_path_factory):
    """Return how long a pull of the big register takes here when nobody kills it."""
    whole = Register(tmp_path_factory.mktemp("whole"))
    whole.hold(*CROWD)
    child = start(whole)
    began = time.monotonic()
    with child:
        assert child.wait() == 0
    return time.monotonic() - began


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.9, 1.0])
def test_killed_at_any_time(register, seconds, share):
    register.pull()
    before = visible(register)
    register.hold(*CROWD)
    child = start(register)
    time.sleep(share * seconds)
    kill(child)

    after = visible(register)
    assert {name: after[name] for name in before} == before
    for taken in snapshot.snapshots(register.settings, CONTRACT):
        snapshot.verify(taken)

    found = register.pull()
    assert found.status in {"landed", "unchanged"}
    assert found.rows_accepted == len(register.landed()) == len(CROWD)
    assert outcome.latest(register.settings, CONTRACT) == found
    assert list(register.folder.rglob(".*")) == []
