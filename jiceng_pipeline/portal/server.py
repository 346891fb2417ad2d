"""The portal as a process: gunicorn on this machine, until it is told to stop."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException

from jiceng_pipeline.core.errors import JicengError, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.portal import place

HOST = "127.0.0.1"  # for others a server in front speaks HTTPS
_START_SECONDS, _STOP_SECONDS = 60, 15


def command(port: int, workers: int = 2) -> list[str]:
    """Return what is run."""
    return [
        sys.executable, "-m", "gunicorn", "jiceng_pipeline.portal.wsgi:application",
        "--bind", f"{HOST}:{port}", "--workers", str(workers), "--threads", "4", "--timeout", "120",
        "--log-level", "warning", "--limit-request-line", "4094", "--no-control-socket",
    ]  # fmt: skip


@contextmanager
def running(
    settings: Settings, port: int, *, domains: tuple[str, ...] = (), behind_https: bool = False
) -> Iterator["subprocess.Popen[bytes]"]:
    """Yield the process once it answers; stop it, and nothing else, at the end.

    Raise UsageError where the port is taken, JicengError where it does not start.
    """
    _claim(port)
    log = place.folder(settings) / "server.log"
    environment = {
        **os.environ,
        "JICENG_HOME": str(settings.home),
        "JICENG_PORTAL_DOMAINS": ",".join(domains),
        "JICENG_PORTAL_HTTPS": "yes" if behind_https else "no",
    }
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as out:
        process = subprocess.Popen(
            command(port),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us, and we tell it
        )
    try:
        _await(process, port, log.name)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: "subprocess.Popen[bytes]", port: int, log: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with closing(HTTPConnection(HOST, port, timeout=5)) as connection:
            try:
                connection.request("GET", "/static/portal/favicon.svg")
                if connection.getresponse().status in {200, 301}:
                    return
            except (OSError, HTTPException):
                time.sleep(0.2)
    raise JicengError("门户没有起来", where=f"端口 {port}", cure=f"看 portal/{log}")


def _claim(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise UsageError(f"端口 {port} 已被占用", where=HOST, cure="换一个：--portal-port 8001") from None
