"""The Dagster UI and its daemon on this machine, until interrupted."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from jiceng_pipeline.core.errors import JicengError, UsageError
from jiceng_pipeline.core.processes import stand_back
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import instance as history

HOST = "127.0.0.1"  # Dagster's UI asks nobody who they are
_STOP_SECONDS = 20
_START_SECONDS = 120


def serve(settings: Settings, port: int = 3000, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until interrupted; call `ready` once the UI answers.

    Raise UsageError where the port is taken, JicengError where a part stops by itself.
    """
    with serving(settings, port) as parts:
        ready()
        while True:
            _look_after(settings, parts)
            time.sleep(1)


@contextmanager
def serving(settings: Settings, port: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Yield the running parts once the UI answers; stop these, and nothing else, at the end."""
    _claim(port)
    home = history.prepare(settings)
    with history.opened(settings) as instance:
        history.reap(instance)
    workspace = ["-w", str(home / "workspace.yaml")]
    parts: list[subprocess.Popen[bytes]] = []
    try:
        web = ["dagster_webserver", "-h", HOST, "-p", str(port), "--log-level", "warning", *workspace]
        parts.append(_start(settings, home / "webserver.log", web))
        # every look of every sensor is a line otherwise: 2 MB a day
        daemon = ["dagster._daemon", "run", "--log-level", "warning", *workspace]
        parts.append(_start(settings, home / "daemon.log", daemon))
        _await(settings, parts, port)
        yield parts
    finally:
        _stop(parts)


def _start(settings: Settings, log: Path, module: list[str]) -> subprocess.Popen[bytes]:
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        part = subprocess.Popen(
            [sys.executable, "-m", *module],
            env=history.environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us, and we tell them, in order
        )
    stand_back(settings.niceness, part.pid)  # and with it the syncs that it starts
    return part


def _await(settings: Settings, parts: list[subprocess.Popen[bytes]], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        _look_after(settings, parts)
        if _answers(port):
            return
        time.sleep(0.2)
    raise JicengError("Dagster 界面没有起来", where=str(settings.dagster), cure="看这个文件夹里的 webserver.log")


def _answers(port: int) -> bool:
    with closing(HTTPConnection(HOST, port, timeout=5)) as connection:
        try:
            connection.request("GET", "/server_info")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False


def _look_after(settings: Settings, parts: list[subprocess.Popen[bytes]]) -> None:
    if any(part.poll() is not None for part in parts):
        raise JicengError(
            "Dagster 的一个进程自己停了",
            where=str(settings.dagster),
            cure="看这个文件夹里的 webserver.log 和 daemon.log，然后重新运行",
        )


def _claim(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise UsageError(f"端口 {port} 已被占用", where=HOST, cure="换一个：--port 3001") from None


def _stop(parts: list[subprocess.Popen[bytes]]) -> None:
    for part in parts:
        part.terminate()
    for part in parts:
        try:
            part.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            part.kill()
            part.wait()
