"""The private build: one file a run, seen by nobody until it is published; one run at a time."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.errors import Locked
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse import publish

DATABASE = "jiceng.duckdb"
REPLAY = "replay-"  # what the folder of a rebuild is called: it holds copies that must not outlive it


@contextmanager
def lock(settings: Settings) -> Iterator[None]:
    """Hold the instance for this process; raise Locked, naming the holder, where another has it.

    The kernel drops the lock with the process, so a killed sync never leaves one behind.
    """
    with files.storage(settings.lock):
        settings.home.mkdir(parents=True, exist_ok=True)
        handle = os.open(settings.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(
                f"另一次同步正在进行{_holder(handle)}", where=str(settings.lock), cure="等它结束后再试"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps({"pid": os.getpid(), "since": clock.now().isoformat()}).encode(), 0)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _holder(handle: int) -> str:
    with suppress(ValueError, KeyError):
        told = json.loads(os.pread(handle, 500, 0))
        return f"（进程 {told['pid']}，始于 {told['since']}）"
    return ""


def private(settings: Settings, run_id: str) -> Path:
    """Return the path of this run's database; its folder exists, the file need not."""
    folder: Path = settings.builds / run_id
    with files.storage(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / DATABASE


def seed(settings: Settings, path: Path) -> bool:
    """Start `path` as a copy of the published database, for a run that remakes only part of it."""
    version = publish.last_whole(settings)
    if version is None:
        return False
    with files.storage(path):
        shutil.copyfile(version.database, path)
    return True


def discard(settings: Settings, run_id: str) -> None:
    """Remove this run's database, not its report."""
    folder = settings.builds / run_id
    for path in (folder / DATABASE, folder / f"{DATABASE}.wal"):
        path.unlink(missing_ok=True)
    shutil.rmtree(folder / f"{DATABASE}.tmp", ignore_errors=True)


def clear_leftovers(settings: Settings, keep: int = 5) -> None:
    """Remove databases of runs that ended or died, and all but the newest `keep` run folders.

    Call it only with the lock held: nobody else is building then.
    """
    if not settings.builds.is_dir():
        return
    folders = sorted((f for f in settings.builds.iterdir() if f.is_dir()), key=lambda f: f.stat().st_mtime)
    for folder in [*folders[:-keep], *(f for f in folders[-keep:] if f.name.startswith(REPLAY))]:
        shutil.rmtree(folder, ignore_errors=True)
    for folder in folders[-keep:]:
        if folder.exists() and not (folder / "report.json").exists():
            discard(settings, folder.name)
