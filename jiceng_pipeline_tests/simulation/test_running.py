"""The servers: one owner, reused by others, never left behind."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import httpx
import psycopg
import pytest
import yaml

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.processes import Process
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation.running import running
from jiceng_pipeline.simulation.simulate import simulate

REGISTER, HEALTH = "public_security/household_register", "health/resident_health_record"

OWNER = """
import sys, time
from pathlib import Path
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation.running import running
with running(Settings(home=Path(sys.argv[1]))):
    print("up", flush=True)
    time.sleep(120)
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    home = Settings(home=tmp_path_factory.mktemp("running"))
    simulate(home, scale="community", seed=3, as_of=date(2026, 11, 24))
    return home


@pytest.fixture
def owner(settings):
    """Return another process that runs the servers."""
    command = [sys.executable, "-c", OWNER, str(settings.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"up\n"
        yield process
        process.kill()


def note(settings):
    return json.loads((settings.simulated / "running.json").read_text("utf-8"))


def process(settings, name):
    return Process.read(note(settings)[name])


def answers(settings):
    """Return the register's row count and the health platform's status for who has no token."""
    connections = yaml.safe_load(settings.connections.read_text("utf-8"))
    with psycopg.connect(connections[REGISTER]["url"]) as connection:
        (count,) = connection.execute("select count(*) from hukou.t_czrk").fetchone()
    return count, httpx.get(f"{connections[HEALTH]['url']}/api/v1/records", trust_env=False).status_code


def test_servers_run_for_the_block_and_leave_nothing(settings):
    with running(settings):
        assert answers(settings)[0] > 1_000
        database, web = process(settings, "postgresql"), process(settings, "http")
        socket = Path(note(settings)["postgresql"]["socket"])
        assert process(settings, "owner").pid == os.getpid()
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert not database.is_alive
    assert not web.is_alive
    assert not socket.exists()
    assert not (settings.simulated / "running.json").exists()


def test_a_second_user_shares_and_does_not_stop_them(settings):
    with running(settings) as first:
        with running(settings) as second:
            assert second == first
        assert answers(settings) == (answers(settings)[0], 401)


def test_servers_of_another_process_are_shared_and_ended_when_it_was_killed(settings, owner):
    with running(settings):
        assert process(settings, "owner").pid == owner.pid
    database, web, socket = process(settings, "postgresql"), process(settings, "http"), note(settings)["postgresql"]
    assert database.is_alive
    assert answers(settings)[1] == 401

    owner.send_signal(signal.SIGKILL)
    owner.wait()
    until = time.monotonic() + 10
    while web.is_alive and time.monotonic() < until:
        time.sleep(0.05)
    assert not web.is_alive, "the HTTP service ends with its owner"
    assert database.is_alive, "a PostgreSQL outlives its killed parent; if not, this test is for nothing"
    with running(settings):
        assert not database.is_alive
        assert not Path(socket["socket"]).exists()
        assert answers(settings)[1] == 401


def test_a_server_nobody_noted_down_is_ended(settings, owner):
    database = process(settings, "postgresql")
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    (settings.simulated / "running.json").unlink()
    with running(settings):
        assert not database.is_alive


def test_a_note_of_another_process_with_the_same_pid_harms_nobody(settings):
    mine = Process.of(os.getpid())
    stranger = {"pid": mine.pid, "born": "another boot:1", "socket": "/nowhere", "port": 1}
    lie = json.dumps({"owner": stranger, "postgresql": stranger, "http": stranger})
    (settings.simulated / "running.json").write_text(lie, "utf-8")
    (settings.simulated / "postgresql" / "postmaster.pid").write_text(f"{mine.pid}\n/x\n1\n5432\n/x\n\n1 1\nready\n")
    with running(settings):
        assert answers(settings)[1] == 401
    assert mine.is_alive


def test_entries_of_an_operator_are_kept_and_a_damaged_note_is_no_obstacle(settings):
    (settings.simulated / "running.json").write_text('{"owner": [', "utf-8")
    settings.connections.write_text("veterans/affairs: {url: 'https://example.invalid', token: t}\n", "utf-8")
    with running(settings):
        entries = yaml.safe_load(settings.connections.read_text("utf-8"))
    assert entries["veterans/affairs"] == {"url": "https://example.invalid", "token": "t"}
    assert set(entries) > {REGISTER, HEALTH}
    assert stat.S_IMODE(settings.connections.stat().st_mode) == 0o600


def test_an_unreadable_connections_file_is_not_overwritten(settings):
    settings.connections.write_text("- not\n- a mapping\n", "utf-8")
    with pytest.raises(UsageError, match="connections"), running(settings):
        pass
    assert settings.connections.read_text("utf-8") == "- not\n- a mapping\n"
    assert not (settings.simulated / "running.json").exists()
    settings.connections.unlink()


def test_without_a_city_there_is_nothing_to_run(tmp_path):
    with pytest.raises(UsageError, match="jiceng simulate"), running(Settings(home=tmp_path)):
        pass


def test_the_city_can_be_made_anew_while_it_runs(settings):
    with running(settings):
        count = answers(settings)[0]
        assert simulate(settings, scale="community", seed=4, as_of=date(2026, 11, 24)).is_new
        assert answers(settings)[0] != count
    simulate(settings, scale="community", seed=3, as_of=date(2026, 11, 24))
