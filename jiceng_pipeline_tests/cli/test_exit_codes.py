"""Every exit code of the README's table, as a script that calls `jiceng` would meet it."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from jiceng_pipeline.cli import main, status
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import report
from jiceng_pipeline.departments.contract import contracts, systems
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants
from jiceng_pipeline.warehouse import build, publish
from jiceng_pipeline.warehouse.connection import connect


@pytest.fixture
def jiceng(monkeypatch, capsys):
    """Return a function that runs `jiceng` on a home and returns (exit code, stdout, stderr)."""

    def run(home, *arguments):
        monkeypatch.setenv("JICENG_HOME", str(home))
        with pytest.raises(SystemExit) as stopped:
            main(list(arguments))
        told = capsys.readouterr()
        return stopped.value.code or 0, told.out, told.err

    return run


def test_0_done_and_the_json_is_stable(synced, jiceng):
    code, out, _ = jiceng(synced.home, "status", "--json")
    state = json.loads(out)
    assert code == 0
    assert state["version"] == publish.current(synced).name
    assert set(state["systems"]) == set(systems())
    assert set(next(iter(state["systems"].values()))) >= {"pulled", "accepted", "quarantined"}
    assert set(state["entities"]) == {"resident", "household", "enterprise"}
    assert set(state["checks"]) == {"passed", "warned", "failed"}
    assert state["returned"]["resident_register"] > 0
    code, out, _ = jiceng(synced.home, "evaluate", "--json")
    scores = json.loads(out)
    assert code == 0
    for entity in ("resident", "household", "enterprise"):
        assert set(scores[entity]) >= {"precision", "recall", "f1", "b3_f1", "over_merged", "split"}
    code, out, _ = jiceng(synced.home, "doctor", "--json")
    assert (code, {finding["exit_code"] for finding in json.loads(out)}) == (0, {0})


def test_0_a_package_is_cut_and_named(synced_copy, jiceng, tmp_path):
    arguments = ("return", "--community", "320613005001", "--dataset", "household_register", "--json")
    code, out, _ = jiceng(synced_copy.home, *arguments, "--to", str(tmp_path))
    made = json.loads(out)
    assert code == 0
    assert Path(made["file"]).parent == tmp_path
    assert made["rows"] > 0


def test_1_unexpected(synced_copy, jiceng):
    for path in (synced_copy.dagster / "history").rglob("*.db*"):
        path.write_bytes(b"not a database" * 100)
    code, _, err = jiceng(synced_copy.home, "sync")
    assert code == 1
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["return", "--community", "320613005001"],
        ["return", "--community", "320613005001", "--dataset", "resident_registre"],
        ["return", "--community", "000000000000", "--dataset", "resident_register"],
        ["return", "--community", "320613005001", "--dataset", "resident_register", "--profile", "full"],
        ["return", "--community", "320613005001", "--dataset", "resident_register", "--as", "somebody"],
        ["simulate", "--scale", "galaxy"],
        ["service", "where", "--community", "320613005001", "--item", "pension_claim", "--at", "9999-12-31"],
        ["app", "open", "newborn_visit", "--community", "320613005001", "--limit", "-1"],
    ],
)
def test_2_usage(synced_copy, jiceng, arguments):
    code, out, err = jiceng(synced_copy.home, *arguments)
    assert code == 2
    assert not out
    assert err.strip()


def forgetting(settings, systems):
    """Take the addresses of these systems out of a home: none of them can be reached."""
    connections = yaml.safe_load(settings.connections.read_text("utf-8"))
    kept = {system: address for system, address in connections.items() if system not in systems}
    settings.connections.write_text(yaml.safe_dump(kept, allow_unicode=True), "utf-8")


def test_3_published_but_a_system_kept_its_last_snapshot(synced_copy, jiceng, reroute):
    reroute(synced_copy, "civil_affairs/subsistence_allowance", folder=str(synced_copy.home / "nowhere"))
    code, out, err = jiceng(synced_copy.home, "sync", "--json")
    assert code == 3
    assert json.loads(out)["systems"]["civil_affairs/subsistence_allowance"]["stale"]
    assert "nowhere" in out + err


def test_4_nothing_published_when_a_blocking_rule_fails(home, jiceng):
    residents = [name for name, contract in contracts().items() if contract.entity == "resident"]
    forgetting(home, residents)
    code, out, _ = jiceng(home.home, "sync", "--json")
    assert code == 4
    assert publish.current(home) is None
    assert len([ticket for ticket in json.loads(out)["tickets"] if ticket["kind"] == "delivery"]) == len(residents)


def test_5_nothing_reachable(synced_copy, jiceng):
    before = publish.current(synced_copy).name
    forgetting(synced_copy, list(contracts()))
    code, _, _ = jiceng(synced_copy.home, "sync")
    assert code == 5
    assert publish.current(synced_copy).name == before


def test_6_locked(synced_copy, jiceng):
    with build.lock(synced_copy):
        code, _, err = jiceng(synced_copy.home, "sync")
    assert code == 6
    assert str(os.getpid()) in err


def test_7_no_permission_to_write(jiceng):
    code, _, err = jiceng("/sys/jiceng", "simulate", "--scale", "community")
    assert code == 7
    assert "/sys/jiceng" in err


@pytest.mark.parametrize(("to", "said"), [(".", "这是文件夹"), ("file/list.json", "已有同名的文件")])
def test_7_where_nothing_can_be_written_is_told_as_it_was_named(synced_copy, jiceng, tmp_path, to, said):
    (tmp_path / "file").touch()
    folder = tmp_path / "there.json"
    folder.mkdir()
    named = str(folder if to == "." else tmp_path / to)
    code, _, err = jiceng(synced_copy.home, "service", "export", "--scope", "320613005", "--to", named)
    assert code == 7
    assert said in err
    assert (named if to == "." else str(tmp_path / "file")) in err.replace("\n", "")


def test_0_a_workbook_makes_its_folder_as_other_files_do(synced_copy, jiceng, tmp_path):
    named = tmp_path / "new" / "list.xlsx"
    assert jiceng(synced_copy.home, "service", "export", "--scope", "320613005", "--to", str(named))[0] == 0
    assert named.exists()


def test_doctor_looks_at_the_rest_where_one_thing_cannot_be_opened(synced_copy, jiceng):
    history = next(synced_copy.dagster.rglob("runs.db"))
    history.unlink()
    history.mkdir()
    code, out, _ = jiceng(synced_copy.home, "doctor", "--json")
    found = json.loads(out)
    assert code == 7
    (sick,) = [each for each in found if each["exit_code"]]
    assert (sick["name"], found[-1]["name"]) == ("同步运行", "账本与当前版本")
    assert sick["cure"] and str(synced_copy.home) in sick["words"]


def test_8_a_changed_ledger_is_found_and_nothing_is_served(synced_copy, jiceng):
    with sqlite3.connect(synced_copy.ledger) as ledger:
        triggers = ledger.execute("select name from sqlite_master where type = 'trigger'").fetchall()
        for (name,) in triggers:
            ledger.execute(f"drop trigger {name}")
        ledger.execute("update event set actor = 'somebody' where seq = 1")
    ledger.close()
    code, out, _ = jiceng(synced_copy.home, "doctor")
    assert code == 8
    assert "1" in out


def test_8_a_damaged_version_is_found_set_aside_and_built_anew(synced_copy, jiceng):
    database = publish.current(synced_copy).database
    database.chmod(0o600)
    database.write_bytes(b"\0" * 4096)
    assert jiceng(synced_copy.home, "doctor")[0] == 8
    assert jiceng(synced_copy.home, "doctor", "--fix")[0] == 0
    assert jiceng(synced_copy.home, "sync")[0] == 0
    assert jiceng(synced_copy.home, "doctor")[0] == 0


_ROWS, _META = "landing/*/*/2*/rows.parquet", "landing/*/*/2*/snapshot.json"


@pytest.mark.parametrize(("damaged", "told"), [("models/*/weights.json", "模型"), (_META, "快照"), (_ROWS, "快照")])
def test_8_what_a_version_is_made_of_is_looked_at_too(synced_copy, jiceng, damaged, told):
    path = min(synced_copy.home.glob(damaged))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-9])
    code, out, _ = jiceng(synced_copy.home, "doctor")
    assert code == 8
    assert told in out and path.parent.name in out.replace("\n", "")


def test_8_a_lost_ledger_is_found(tmp_path, jiceng):
    settings = Settings(home=tmp_path)
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
    settings.ledger.unlink()
    code, out, _ = jiceng(tmp_path, "doctor")
    assert code == 8
    assert "账本不见了" in out


def test_8_a_version_half_copied_is_told_with_its_cure(tmp_path, jiceng):
    settings = Settings(home=tmp_path)
    database = build.private(settings, "run")
    with connect(database, settings=settings) as connection:
        connection.execute(
            "create schema returned; create table returned.changes as select range as n from range(90000)"
        )
    version = publish.publish(settings, database, {"inputs": {}, "summary": {}}).version
    os.truncate(version.database, version.database.stat().st_size // 2)
    code, _, err = jiceng(tmp_path, "status")
    assert code == 8
    assert "doctor --fix" in err


def test_a_report_that_a_crash_tore_hides_no_other(tmp_path):
    settings = Settings(home=tmp_path)
    report.failed(settings, "whole", None, 1.0).write(settings)
    (settings.builds / "torn").mkdir()
    (settings.builds / "torn" / "report.json").write_text('{"run')
    assert status.last_report(settings)["run_id"] == "whole"


def test_a_home_that_is_still_to_be_made_is_no_disk_that_may_not_be_written(tmp_path, jiceng):
    assert "不能写" not in jiceng(tmp_path / "a" / "b" / "c", "doctor")[1]


def test_8_a_home_copied_without_its_links_is_found_and_served_again(synced_copy, jiceng):
    link, name = synced_copy.published / "current", publish.current(synced_copy).name
    link.unlink()
    assert jiceng(synced_copy.home, "doctor")[0] == 8
    assert jiceng(synced_copy.home, "doctor", "--fix")[0] == 0
    assert publish.current(synced_copy).name == name
    link.unlink()
    shutil.copytree(synced_copy.published / name, link)
    assert jiceng(synced_copy.home, "status")[0] == 8
    link.rename(synced_copy.home / "copy")
    assert jiceng(synced_copy.home, "sync")[0] == 0
    assert publish.current(synced_copy).name >= name, "the same, or what was made anew"
    assert jiceng(synced_copy.home, "doctor")[0] == 0


def test_130_interrupted(synced_copy):
    before = publish.current(synced_copy).name
    environment = {**os.environ, "JICENG_HOME": str(synced_copy.home), "JICENG_LANG": "en"}
    process = subprocess.Popen(
        [sys.executable, "-m", "jiceng_pipeline.cli", "sync"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stderr:
        if line.strip().startswith("pull"):
            process.send_signal(signal.SIGINT)
            break
    process.stderr.read()
    process.stderr.close()
    assert process.wait() == 130
    assert publish.current(synced_copy).name == before


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
def test_a_terminal_that_lacks_a_sign_is_told_all_the_same(tmp_path, encoding):
    told = subprocess.run(
        [sys.executable, "-m", "jiceng_pipeline.cli", "doctor"],
        env={**os.environ, "JICENG_HOME": str(tmp_path), "PYTHONIOENCODING": encoding, "JICENG_LANG": "zh"},
        capture_output=True,
        check=False,
    )
    assert b"UnicodeEncodeError" not in told.stderr
    assert str(tmp_path / "connections.yaml").encode() in told.stdout


def test_the_words_follow_the_locale():
    for language, word in (("en", "pull, reconcile, check, publish"), ("zh", "拉取、归并、检查、发布")):
        told = subprocess.run(
            [sys.executable, "-m", "jiceng_pipeline.cli", "--help"],
            env={**os.environ, "JICENG_LANG": language, "COLUMNS": "120"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert word in told.stdout
