"""Words: as they stand, brackets and all; and nobody has to read them for the work to go on."""

import os
import subprocess
import sys

import pytest

from jiceng_pipeline.cli import sync, words

TICKET = {
    "kind": "delivery", "ticket_id": "t", "system": "a/b", "file": "[旧].csv", "row": None, "column": "面积[m2]",
    "reason": "缺少列 面积；多出列 面积[m2]、金额[/月]、:smile:", "count": 1, "due_date": "2026-12-01",
}  # fmt: skip
WORK = """
from jiceng_pipeline.cli import progress
from jiceng_pipeline.core.progress import Step, report
with progress.shown("同步"):
    for number in range(200):
        report(Step("pull", "一个系统", rows=number))
open({done!r}, "w").close()
"""


def test_what_a_department_wrote_is_shown_as_it_wrote_it(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    sync.show_tickets([TICKET])
    words.error("多出列 金额[/月]", where="/tmp/[a]/x[/b].csv", cure="[red]")
    told = capsys.readouterr()
    for text in ("[旧].csv 面积[m2]", "多出列 面积[m2]、金额[/月]、:smile:"):
        assert text in told.out
    for text in ("金额[/月]", "/tmp/[a]/x[/b].csv", "[red]"):
        assert text in told.err


@pytest.mark.parametrize("nobody", ["a pipe that was closed", "a full disk"])
def test_work_goes_on_where_its_words_reach_nobody(tmp_path, nobody):
    """As in `jiceng sync 2>&1 | head`: what is told of a step must not end it."""
    if nobody == "a full disk":
        write = os.open("/dev/full", os.O_WRONLY)
    else:
        read, write = os.pipe()
        os.close(read)
    done = tmp_path / "done"
    try:
        ended = subprocess.run(
            [sys.executable, "-c", WORK.format(done=str(done))], stdout=write, stderr=write, timeout=60, check=False
        )
    finally:
        os.close(write)
    assert done.exists()
    assert ended.returncode == 0


@pytest.mark.parametrize("asked", [("app", "list"), ("service", "list"), ("indicator", "list")])
def test_a_narrow_terminal_cuts_no_name_off(asked, tmp_path):
    """What is listed has to be typed into the next command."""
    told = subprocess.run(
        [sys.executable, "-m", "jiceng_pipeline.cli", *asked],
        env={**os.environ, "COLUMNS": "80", "JICENG_HOME": str(tmp_path)}, capture_output=True, timeout=60, check=True,
    ).stdout.decode()  # fmt: skip
    assert "│" in told
    assert "…" not in told


@pytest.mark.parametrize(
    ("name", "value"),
    [("JICENG_THREADS", "two"), ("JICENG_THREADS", "0"), ("JICENG_NICE", "-3"), ("JICENG_BUSINESS_DATE", "2026-13-01")],
)
def test_an_environment_that_cannot_be_read_is_told_so(name, value):
    ended = subprocess.run(
        [sys.executable, "-m", "jiceng_pipeline.cli", "status"],
        env={**os.environ, name: value, "JICENG_LANG": "zh"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert name in ended.stderr and "Traceback" not in ended.stderr
