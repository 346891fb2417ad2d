"""Versions: atomic, immutable, kept three deep, unchanged where the content is."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from jiceng_pipeline.core.errors import IntegrityError, Locked
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse import build, publish
from jiceng_pipeline.warehouse.connection import connect


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


def publish_rows(settings, run, rows):
    database = build.private(settings, run)
    with connect(database, settings=settings) as connection:
        connection.execute("create schema returned; create schema governance")
        connection.execute(f"create table governance.resident as select range as id from range({rows})")
        connection.execute("create table returned.resident_register as from governance.resident")
        connection.execute("create table returned.changes as select 1 as n")
    return publish.publish(settings, database, {"inputs": {}, "summary": {}})


def count(settings):
    version = publish.current(settings)
    with connect(version.database, settings=settings, read_only=True) as connection:
        return connection.execute("select count(*) from governance.resident").fetchall()[0][0]


def test_nothing_is_current_before_the_first(settings):
    assert publish.current(settings) is None


def test_a_published_version_has_database_parquet_and_manifest(settings):
    version = publish_rows(settings, "run1", 5).version
    assert {p.name for p in version.folder.iterdir()} == {
        "jiceng.duckdb",
        "manifest.json",
        "resident_register.parquet",
        "changes.parquet",
    }
    assert version.manifest["returned"] == {"changes": 1, "resident_register": 5}
    assert version.manifest["tables"]["governance.resident"]["rows"] == 5
    assert "returned.changes" not in version.manifest["tables"]
    assert count(settings) == 5


def test_equal_content_makes_no_new_version(settings):
    first = publish_rows(settings, "run1", 5)
    second = publish_rows(settings, "run2", 5)
    assert not second.is_new
    assert second.version.name == first.version.name


def test_the_last_three_are_kept(settings):
    for number in range(5):
        publish_rows(settings, f"run{number}", number + 1)
    assert len(publish.versions(settings)) == publish.KEPT_VERSIONS
    assert count(settings) == 5


def test_a_version_that_somebody_still_needs_is_kept_as_long_as_they_do(settings):
    first = publish_rows(settings, "run0", 1).version.name
    publish.hold(settings, "subscription", first)
    names = [publish_rows(settings, f"run{n}", n + 1).version.name for n in range(1, 5)]
    assert publish.versions(settings) == [first, *names[-3:]]
    publish.hold(settings, "subscription", names[-1])
    publish_rows(settings, "run5", 9)
    assert first not in publish.versions(settings) and len(publish.versions(settings)) == 3
    publish.release(settings, "subscription")
    publish.release(settings, "subscription")
    assert publish.held(settings) == frozenset()


def test_a_reader_keeps_its_version_while_others_are_published(settings):
    publish_rows(settings, "run0", 1)
    seen, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            seen.append(count(settings))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 8):
        publish_rows(settings, f"run{number}", number + 1)
    stop.set()
    reader.join()
    assert seen == sorted(seen)
    assert set(seen) <= set(range(1, 9))


def test_a_damaged_manifest_is_an_integrity_error(settings):
    version = publish_rows(settings, "run1", 5).version
    (version.folder / "manifest.json").write_text("{")
    with pytest.raises(IntegrityError):
        publish.current(settings)


def test_killed_while_publishing_leaves_the_last_version(settings):
    publish_rows(settings, "run0", 3)
    program = f"""
from pathlib import Path
from jiceng_pipeline.core import files
from jiceng_pipeline.core.settings import Settings
import jiceng_pipeline_tests.warehouse.test_publish as t
import os, signal
rename = Path.rename
def die(self, target):
    rename(self, target)
    os.kill(os.getpid(), signal.SIGKILL)
Path.rename = die
t.publish_rows(Settings(home=Path({str(settings.home)!r})), "run1", 9)
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert count(settings) == 3
    publish_rows(settings, "run2", 4)
    assert count(settings) == 4
    assert not list(settings.published.glob(".2*"))


def test_a_version_that_lost_its_link_is_served_again_also_where_nothing_changed(settings):
    name = publish_rows(settings, "run0", 3).version.name
    (settings.published / "current").unlink()
    again = publish_rows(settings, "run1", 3)
    assert not again.is_new
    assert publish.current(settings).name == again.version.name == name


def test_a_link_that_became_a_copy_is_told_and_set_aside(settings):
    name = publish_rows(settings, "run0", 3).version.name
    link = settings.published / "current"
    link.unlink()
    shutil.copytree(settings.published / name, link)
    with pytest.raises(IntegrityError, match="链接"):
        publish.current(settings)
    publish.set_aside(settings)
    assert publish.current(settings).name == name
    publish_rows(settings, "run1", 4)
    assert count(settings) == 4


def test_the_lock_names_its_holder_and_dies_with_it(settings):
    program = f"""
import time
from pathlib import Path
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse import build
with build.lock(Settings(home=Path({str(settings.home)!r}))):
    print("held", flush=True)
    time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Locked, match=str(holder.pid)), build.lock(settings):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            with build.lock(settings):
                return
        except Locked:
            time.sleep(0.05)
    pytest.fail("the lock outlived its holder")
