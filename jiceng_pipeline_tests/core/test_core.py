"""Settings, files, redaction, clock: what every room stands on."""

import errno
import json
import os
import stat
import subprocess
import sys
from datetime import date

import pytest

from jiceng_pipeline.core import clock, files, processes
from jiceng_pipeline.core.errors import StorageFailure, UsageError
from jiceng_pipeline.core.progress import Step, listening, report
from jiceng_pipeline.core.redaction import redacted
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse.connection import connect


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path):
    first = Settings(home=tmp_path / "home").secret
    assert Settings(home=tmp_path / "home").secret == first
    assert len(bytes.fromhex(first)) == 32
    assert stat.S_IMODE((tmp_path / "home" / "secret.key").stat().st_mode) == 0o600


def test_two_first_uses_agree_on_one_secret(tmp_path):
    program = f"""
from pathlib import Path
from jiceng_pipeline.core.settings import Settings
print(Settings(home=Path({str(tmp_path)!r})).secret)
"""
    started = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate()[0] for process in started}) == 1


def test_a_business_date_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("JICENG_BUSINESS_DATE", "yesterday")
    with pytest.raises(UsageError, match="JICENG_BUSINESS_DATE"):
        Settings.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("JICENG_MEMORY", value) for value in ("lots", "0", "4", "GB", "-1GB", "4 GB please")),
        ("JICENG_THREADS", "99999999999999999999"),
        ("JICENG_THREADS", "0"),
        ("JICENG_NICE", "1.5"),
        ("JICENG_NOW", "yesterday"),
    ],
)
def test_what_the_environment_says_wrongly_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=name):
        clock.business_date(Settings.load())


@pytest.mark.parametrize(
    ("told", "used"), [("", "4GB"), *((each, each) for each in ("512MB", "1.5 GiB", "2g", "1 gigabyte", "-1"))]
)
def test_memory_is_taken_as_told(monkeypatch, tmp_path, told, used):
    monkeypatch.setenv("JICENG_MEMORY", told)
    settings = Settings.load(tmp_path)
    assert settings.memory_limit == used
    with connect(settings=settings) as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]


def test_the_day_is_shanghais(monkeypatch):
    monkeypatch.setenv("JICENG_NOW", "2026-11-24T18:00:00+00:00")
    monkeypatch.delenv("JICENG_BUSINESS_DATE", raising=False)
    assert clock.business_date(Settings.load()) == date(2026, 11, 25)
    assert clock.stamp() == "20261124T180000.000000Z"


@pytest.mark.parametrize(("language", "locale"), [("en_GB.UTF-8", "en"), ("zh_CN.UTF-8", "zh"), ("C.UTF-8", "zh")])
def test_the_language_follows_the_locale(monkeypatch, language, locale):
    monkeypatch.delenv("JICENG_LANG", raising=False)
    monkeypatch.setenv("LC_ALL", language)
    assert Settings.load().locale == locale


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    with files.new_folder(tmp_path / "whole") as draft:
        (draft / "a.txt").write_text("a")
        assert not (tmp_path / "whole").exists()
    assert (tmp_path / "whole" / "a.txt").read_text() == "a"
    assert stat.S_IMODE((tmp_path / "whole").stat().st_mode) == 0o700
    with pytest.raises(ZeroDivisionError), files.new_folder(tmp_path / "broken") as draft:
        (draft / "a.txt").write_text("a")
        raise ZeroDivisionError
    assert sorted(path.name for path in tmp_path.iterdir()) == ["whole"]


def test_a_file_is_replaced_in_one_step(tmp_path):
    path = tmp_path / "x.json"
    files.write_json(path, {"b": 1, "a": "数"})
    assert path.read_text("utf-8") == '{\n "a": "数",\n "b": 1\n}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_text_is_written_and_read_back(tmp_path):
    files.write_json(tmp_path / "x.json", {"where": "\udcbb.csv"})
    assert json.loads((tmp_path / "x.json").read_text("utf-8")) == {"where": "\udcbb.csv"}


def test_a_full_disk_is_said_so_and_names_the_place(tmp_path):
    with pytest.raises(StorageFailure, match=str(tmp_path)) as raised, files.storage(tmp_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert raised.value.exit_code == 7
    with pytest.raises(FileNotFoundError), files.storage(tmp_path):
        raise FileNotFoundError(errno.ENOENT, "no")


@pytest.mark.parametrize(
    "leak",
    [
        'Duplicate key "id: 32060219500101123X" violates',
        "Could not convert string '王建国' to INT32",
        "invalid value 13912345678 in column phone",
        "姓名 王建国 不对",
        "3.2060219500101E+17 与 ３２０６０２１９５００１０１１２３４",
    ],
)
def test_a_message_keeps_its_words_and_loses_its_values(leak):
    kept = redacted(leak)
    assert not any(secret in kept for secret in ("3206", "王建国", "1391234", "３２０６"))


def test_steps_reach_the_listener_of_the_block_only():
    heard = []
    report(Step("pull"))
    with listening(heard.append):
        report(Step("check", done=1, total=2))
    report(Step("publish"))
    assert heard == [Step("check", done=1, total=2)]


def test_a_process_stands_back_and_never_pushes_ahead():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        before = os.getpriority(os.PRIO_PROCESS, other.pid)
        processes.stand_back(before + 3, other.pid)
        assert os.getpriority(os.PRIO_PROCESS, other.pid) == min(before + 3, 19)
        processes.stand_back(0, other.pid)
        assert os.getpriority(os.PRIO_PROCESS, other.pid) == min(before + 3, 19)
        other.communicate(b"\n")
