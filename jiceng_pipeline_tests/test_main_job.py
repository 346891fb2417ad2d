"""The main job as its users see it: systems in, returned datasets out, whatever happens on the way."""

import gzip
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest
import yaml

from jiceng_pipeline.cli.evaluate import measure
from jiceng_pipeline.cli.status import read as status
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.departments.contract import contracts, systems
from jiceng_pipeline.matching.model import matchings
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

EXCEL = "civil_affairs/subsistence_allowance"
HEALTH = "health/resident_health_record"
PENSION = "social_security/pension_insurance"


def rows(settings, sql):
    with connect(publish.current(settings).database, settings=settings, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_system_arrives_and_no_row_is_lost(synced):
    state = status(synced)
    assert set(state["systems"]) == set(systems())
    for name, counts in state["systems"].items():
        assert counts["pulled"] == counts["accepted"] + counts["quarantined"], name
        assert (counts["pulled"] > 0) == (name in contracts()), "only communities have collected nothing yet"
    assert state["entities"]["resident"] > 1_500
    assert 500 < state["entities"]["household"] < state["entities"]["resident"]
    assert state["entities"]["enterprise"] > 50
    assert state["checks"]["failed"] == 0
    assert state["checks"]["passed"] >= 20
    assert set(state["returned"]) >= {
        "resident_register",
        "household_register",
        "enterprise_register",
        "to_verify",
        "changes",
    }


def test_the_truth_agrees(synced):
    scores = measure(synced)
    print(json.dumps(scores))
    assert scores["resident"]["precision"] >= 0.999
    assert scores["resident"]["recall"] >= 0.95
    assert scores["valid_ids_merged"] == 0
    assert scores["unknown_error"]["kind"] == "name_lookalike"
    assert scores["unknown_error"]["kind"] not in str(matchings()), "nothing in the model was made for it"
    assert scores["enterprise"]["precision"] >= 0.99
    assert scores["household"]["precision"] >= 0.95


def test_every_cell_of_a_resident_can_be_traced(synced):
    (untraced,) = rows(
        synced,
        """select count(*) from governance.resident as r
        left join governance.provenance_cell as p
            on p.entity_id = r.resident_id and p.element_id = 'name' and p.is_winner and p.value = r.name
        where r.name is not null and p.record_id is null""",
    )[0]
    assert untraced == 0
    doubled = rows(
        synced,
        """select count(*) from (select entity_id, element_id from governance.provenance_cell where is_winner
        group by all having count(*) > 1)""",
    )
    assert doubled == [(0,)]


def test_syncing_again_changes_nothing(synced_copy):
    before = publish.current(synced_copy).name
    landed = sorted(path.name for path in synced_copy.landing.glob("*/*/2*"))
    report = run_sync(synced_copy)
    assert (report.exit_code, report.is_new, report.version) == (0, False, before)
    assert sorted(path.name for path in synced_copy.landing.glob("*/*/2*")) == landed


@contextmanager
def answering(body, status_code=200, content_type="application/json"):
    """Serve one answer to every request."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status_code)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def own_folder(settings, system, tmp_path, reroute):
    """Give a home its own copy of a drop folder, so that a test may spoil it."""
    address = yaml.safe_load(settings.connections.read_text("utf-8"))[system]["folder"]
    folder = tmp_path / "spoilt" / system
    shutil.copytree(address, folder)
    reroute(settings, system, folder=str(folder))
    return folder


def truncated_workbook(folder):
    (path,) = folder.glob("*.xlsx")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def renamed_column(folder):
    (path,) = folder.glob("*.xlsx")
    book = openpyxl.load_workbook(path)
    for sheet in book:
        for row in sheet.iter_rows(min_row=1, max_row=5):
            for cell in row:
                if cell.value == "家庭住址":
                    cell.value = "住址（新）"
    book.save(path)


def wrong_encoding(folder):
    path = max(folder.glob("YLBX_*.txt.gz"))
    text = gzip.decompress(path.read_bytes()).decode("gb18030")
    path.write_bytes(gzip.compress(text.encode("utf-16")))


def half_file(folder):
    path = max(folder.glob("YLBX_*.txt.gz"))
    lines = gzip.decompress(path.read_bytes()).split(b"\r\n")
    path.write_bytes(gzip.compress(b"\r\n".join(lines[: len(lines) // 3])))


@pytest.mark.parametrize(
    ("excel", "pension", "said"),
    [
        (truncated_workbook, wrong_encoding, ("低保对象台账.xlsx", "YLBX_")),
        (renamed_column, half_file, ("住址（新）", "YLBX_")),
    ],
)
def test_rubbish_from_three_systems_stops_these_only(synced_copy, tmp_path, reroute, excel, pension, said):
    """A spoilt system keeps its last state, the others sync, its owner gets a ticket that names the place."""
    before, held = accepted(synced_copy), governed(synced_copy)
    excel(own_folder(synced_copy, EXCEL, tmp_path, reroute))
    pension(own_folder(synced_copy, PENSION, tmp_path, reroute))
    with answering(b'{"code": 500, "msg": "database is down"}') as url:
        reroute(synced_copy, HEALTH, url=url)
        report = run_sync(synced_copy)
    told = report.to_json()
    assert report.exit_code == 3
    spoilt = {EXCEL, PENSION, HEALTH}
    for name, state in told["systems"].items():
        assert (state["status"] == "failed") == (name in spoilt), name
    assert accepted(synced_copy) == before
    assert governed(synced_copy) == held, "what the last good deliveries said still stands"
    tickets = {ticket["system"]: ticket for ticket in told["tickets"] if ticket["kind"] == "delivery"}
    assert set(tickets) == spoilt
    for system, words in zip((EXCEL, PENSION), said, strict=True):
        assert words in json.dumps(tickets[system], ensure_ascii=False)
        assert tickets[system]["reason"]


def governed(settings):
    tables = publish.current(settings).manifest["tables"]
    return {name: told["hash"] for name, told in tables.items() if name.startswith(("governance.", "returned."))}


def accepted(settings):
    return {name: counts["accepted"] for name, counts in status(settings)["systems"].items()}


def test_a_system_that_never_arrived_has_a_ticket_too(home, tmp_path, reroute):
    reroute(home, EXCEL, folder=str(tmp_path / "nowhere"))
    report = run_sync(home)
    assert report.exit_code == 3
    assert [t["system"] for t in report.to_json()["tickets"] if t["kind"] == "delivery"] == [EXCEL]
    assert status(home)["systems"][EXCEL] == {"pulled": 0, "accepted": 0, "quarantined": 0, "quarantined_cells": 0}


def sync_process(settings):
    environment = {**os.environ, "JICENG_HOME": str(settings.home), "JICENG_LANG": "en"}
    return subprocess.Popen(
        [sys.executable, "-m", "jiceng_pipeline.cli", "sync"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


STEPS = ("pull", "standardise", "reconcile", "govern", "check", "return", "publish")


@pytest.mark.timeout(900)  # eight syncs, seven of them in processes of their own
def test_killed_at_any_step_the_last_version_is_served_and_the_next_run_succeeds(synced_copy, tmp_path, reroute):
    before = publish.current(synced_copy).name
    newest = max(own_folder(synced_copy, PENSION, tmp_path, reroute).glob("YLBX_*.txt.gz"))
    lines = gzip.decompress(newest.read_bytes()).split(b"\r\n")
    records = [line for line in lines if line.startswith(b"D")][1:]  # one fewer: there is something to publish
    newest.write_bytes(gzip.compress(b"\r\n".join([lines[0], *records, b"T%010d" % len(records), b""])))
    for step in STEPS:
        kill_at(synced_copy, step)
        assert step == "publish" or publish.current(synced_copy).name == before, step
        assert rows(synced_copy, "select count(*) > 0 from governance.resident") == [(True,)], step
    report = run_sync(synced_copy)
    assert report.exit_code == 0
    assert report.version != before
    assert rows(synced_copy, f"select rows_in from standard.conservation where system = '{PENSION}'") == [
        (len(records),)
    ]
    assert not [path for path in Path(synced_copy.landing).rglob(".*") if path.is_dir()], "no half snapshot"
    assert not list(synced_copy.builds.glob("*/jiceng.duckdb")), "no half build"


def kill_at(settings, step):
    """Start a sync and end it with SIGKILL as soon as it says that it has come to a step."""
    process = sync_process(settings)
    try:
        for line in process.stderr:
            if line.strip().startswith(step):
                process.send_signal(signal.SIGKILL)
                break
        else:
            pytest.fail(f"the sync never said {step}")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert process.returncode == -signal.SIGKILL
