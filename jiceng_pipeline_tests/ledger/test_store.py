"""The ledger: what goes in comes out, chained, typed, once, and only that."""

import subprocess
import sys

import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.ledger.chain import GENESIS, NOTHING
from jiceng_pipeline.ledger.store import open_ledger

from .conftest import READ, filled


def test_a_fresh_home_gets_an_empty_ledger_only_its_owner_may_read(settings, ledger):
    assert ledger.head() == NOTHING
    assert ledger.verify() == (0, GENESIS)
    ledger.append("audit", "s", READ, "operator")
    modes = {path.name: path.stat().st_mode & 0o777 for path in settings.home.iterdir()}
    assert modes["ledger.sqlite"] == modes["ledger.head"] == 0o600
    assert set(modes.values()) == {0o600}, modes


def test_an_event_comes_back_as_it_was_appended(settings, monkeypatch):
    monkeypatch.setenv("JICENG_NOW", "2026-11-24T10:50:33.123456+00:00")
    with open_ledger(settings) as ledger:
        appended = ledger.append("audit", "人员底册", READ, "李书记")
    with open_ledger(settings) as ledger:
        assert list(ledger.events()) == [appended]
        assert ledger.head() == appended.head == (1, appended.hash)
    assert appended.body == READ.model_dump(mode="json")
    assert (appended.at, appended.previous) == ("2026-11-24T10:50:33.123456+00:00", GENESIS)
    assert appended.receipt == f"1-{appended.hash[:12]}"


def test_the_hash_is_the_one_the_documentation_states(ledger):
    event = ledger.append("audit", "s", READ, "operator")
    said = (
        f'{{"actor":"operator","at":"{event.at}","body":{quoted(event.text)},"kind":"audit",'
        f'"previous":"{GENESIS}","seq":1,"subject":"s"}}'
    )
    from hashlib import sha256

    assert event.hash == sha256(said.encode()).hexdigest()


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_events_are_chosen_by_kind_and_number_beyond_one_page(settings):
    filled(settings, 2_010)
    with open_ledger(settings) as ledger:
        assert [e.seq for e in ledger.events("audit", after=995, until=1_005)] == list(range(996, 1_006))
        assert sum(1 for _ in ledger.events()) == 2_010
        assert list(ledger.events("decision")) == []
        assert ledger.verify().seq == 2_010


def test_once_appends_only_the_first_time(ledger):
    first = ledger.append("audit", "s", READ, "a", once=True)
    assert ledger.append("audit", "s", READ, "b", once=True) == first
    assert ledger.append("audit", "other", READ, "b", once=True).seq == 2
    assert ledger.head().seq == 2


def test_a_body_its_kind_does_not_allow_is_refused_without_its_values(ledger):
    with pytest.raises(UsageError) as caught:
        ledger.append("audit", "s", {**READ.model_dump(), "outcome": "3206021990"}, "operator")
    assert "outcome" in str(caught.value)
    assert "3206021990" not in str(caught.value)
    assert ledger.head() == NOTHING


def test_an_unknown_kind_is_refused_with_the_ones_there_are(ledger):
    with pytest.raises(UsageError, match="decision"):
        ledger.append("rumour", "s", {}, "operator")


@pytest.mark.parametrize("actor", ["", " ", "a\nb", "x" * 201, "\ud800"])
def test_a_name_is_one_short_line(ledger, actor):
    with pytest.raises(UsageError):
        ledger.append("audit", "s", READ, actor)
    assert ledger.head() == NOTHING


APPENDS = """
import sys
from pathlib import Path
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.store import open_ledger
with open_ledger(Settings(home=Path(sys.argv[1]))) as ledger:
    for number in range(int(sys.argv[3])):
        ledger.append("audit", f"{sys.argv[2]} {number}", {
            "action": "return", "dataset": "d", "scope": "*", "profile": "check", "outcome": "granted"
        }, sys.argv[2])
"""


def test_processes_append_at_once_and_none_is_lost(settings):
    writers = [subprocess.Popen([sys.executable, "-c", APPENDS, settings.home, f"writer{n}", "60"]) for n in range(4)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    with open_ledger(settings) as ledger:
        assert ledger.verify().seq == 240
        by_writer = {}
        for event in ledger.events():
            by_writer.setdefault(event.actor, []).append(event.subject)
    assert by_writer == {f"writer{n}": [f"writer{n} {i}" for i in range(60)] for n in range(4)}


def test_opening_the_ledger_room_does_not_import_its_database():
    heavy = "import sys; import jiceng_pipeline.ledger.views; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", heavy], check=False).returncode == 0
