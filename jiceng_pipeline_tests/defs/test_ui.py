"""The UI and the daemon as their users start them: they see what `jiceng sync` did, and can do the same."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import PACKAGE
from jiceng_pipeline.defs.layers import AFTER_SYNC
from jiceng_pipeline.defs.report import SyncReport
from jiceng_pipeline.defs.serve import serving
from jiceng_pipeline.warehouse import publish

SELECTOR = {"repositoryLocationName": "jiceng", "repositoryName": "__repository__"}


RUNS = "query ($filter: RunsFilter) {runsOrError(filter: $filter) {... on Runs {results {status}}}}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, query, **variables):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        data=json.dumps({"query": query, "variables": variables}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        told = json.load(answer)
    assert "errors" not in told, told
    return told["data"]


def wait_for(answer, seconds=240):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := answer():
                return found
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.5)
    raise AssertionError("waited in vain")


def unmaterialised(port):
    """Return the assets of a sync that show no materialisation; None while the graph is not there yet."""
    nodes = ask(port, "{assetNodes {assetKey {path} assetMaterializations(limit: 1) {runId}}}")["assetNodes"]
    missing = [node["assetKey"]["path"] for node in nodes if not node["assetMaterializations"]]
    return [path for path in missing if path[0] not in AFTER_SYNC] if nodes else None


def is_empty(group):
    """Say whether no process of that group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_plain_dagster_dev_shows_what_was_synced(synced_copy, tmp_path):
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("workspace.yaml", "dagster.yaml"):
        shutil.copy(PACKAGE.parent / name, checkout)
    (checkout / "data").symlink_to(synced_copy.home)
    environment = {key: value for key, value in os.environ.items() if key not in {"DAGSTER_HOME", "JICENG_HOME"}}
    port = free_port()
    command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-p", str(port)]
    with (
        (tmp_path / "dev.log").open("wb") as log,
        subprocess.Popen(
            command, cwd=checkout, env=environment, stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        try:
            assert wait_for(lambda: unmaterialised(port) is not None)
            assert unmaterialised(port) == []
            # as the job's own page asks for them
            tag = {"key": ".dagster/repository", "value": "__repository__@jiceng"}
            runs = ask(port, RUNS, filter={"pipelineName": "sync", "tags": [tag]})["runsOrError"]["results"]
            assert [run["status"] for run in runs] == ["SUCCESS"]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    assert sorted(path.name for path in checkout.iterdir()) == ["dagster.yaml", "data", "workspace.yaml"]


LAUNCH = """mutation ($selector: JobOrPipelineSelector!) {
  launchRun(executionParams: {selector: $selector, mode: "default"}) {
    __typename ... on LaunchRunSuccess {run {runId}} ... on PythonError {message}
    ... on RunConfigValidationInvalid {errors {message}}
  }
}"""


SENSORS = """query ($selector: RepositorySelector!) {
  sensorsOrError(repositorySelector: $selector) {... on Sensors {results {name sensorState {status}}}}
}"""


def test_serving_runs_the_job_and_leaves_no_process_behind(synced_copy):
    port = free_port()
    with serving(synced_copy, port) as parts:
        assert unmaterialised(port) == []
        with pytest.raises(UsageError), serving(synced_copy, port):
            pass
        launched = ask(port, LAUNCH, selector={**SELECTOR, "pipelineName": "sync"})["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        run_id = launched["run"]["runId"]
        query = "query ($id: ID!) {runOrError(runId: $id) {... on Run {status tags {key}}}}"
        finished = {"SUCCESS", "FAILURE", "CANCELED"}
        status = wait_for(lambda: finished & {ask(port, query, id=run_id)["runOrError"]["status"]})
        assert status == {"SUCCESS"}
        sensors = ask(port, SENSORS, selector=SELECTOR)["sensorsOrError"]["results"]
        states = {each["name"]: each["sensorState"]["status"] for each in sensors}
        assert states == dict.fromkeys(("drop_folder", "filled_form", "dead_run", "new_version"), "RUNNING")
    assert "INFO" not in (synced_copy.dagster / "daemon.log").read_text("utf-8"), "it would grow day by day"
    report = SyncReport.read(synced_copy, run_id)
    assert (report.exit_code, report.version) == (0, publish.current(synced_copy).name)
    assert wait_for(lambda: all(is_empty(part.pid) for part in parts))
