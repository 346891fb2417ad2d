"""A MariaDB server of the tests' own, as an account that may nothing, on a socket and a free port of loopback."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests import installed

_SERVANT = "nobody"  # the server refuses to run as root
_PATIENCE = 60


class Server:
    """A running server; `url` is its database `yb`."""

    def __init__(self, folder, port):
        self.socket, self.port = folder / "socket", port
        self.url = f"mysql://root@127.0.0.1:{port}/yb"

    def execute(self, *statements, database="yb"):
        """Run statements of any kind."""
        with self._attached(database) as connection:
            for statement in statements:
                connection.execute("call mysql_execute('server', ?)", [statement])

    def ask(self, query):
        """Return the rows of a query."""
        with self._attached("mysql") as connection:
            return connection.execute("select * from mysql_query('server', ?)", [query]).fetchall()

    @contextmanager
    def _attached(self, database):
        with connect(extensions=["mysql_scanner"]) as connection:
            login = f"host '127.0.0.1', port {self.port}, user 'root', database '{database}'"
            connection.execute(f"create secret login (type mysql, {login})")
            connection.execute("attach '' as server (type mysql, secret login)")
            yield connection


@contextmanager
def serving():
    """Run a server for the length of the block; where MariaDB is not installed the test is skipped, in CI it fails."""
    installed.mariadb()
    account = pwd.getpwnam(_SERVANT) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    with tempfile.TemporaryDirectory(prefix="jiceng-mariadb-") as name, socket.socket() as held:
        folder = Path(name)
        os.chown(folder, account.pw_uid, account.pw_gid)
        held.bind(("127.0.0.1", 0))
        server = Server(folder, held.getsockname()[1])
        held.close()
        run = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        made = ["mariadb-install-db", "--no-defaults", f"--datadir={folder}/data", "--skip-test-db"]
        made.append("--auth-root-authentication-method=normal")
        subprocess.run(made, check=True, capture_output=True, cwd=folder, **run)
        options = [f"--datadir={folder}/data", f"--socket={server.socket}", f"--port={server.port}"]
        options += ["--bind-address=127.0.0.1", "--character-set-server=utf8mb4", "--skip-log-bin", "--sql-mode="]
        program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
        with (folder / "log").open("wb") as log:
            child = subprocess.Popen([program, "--no-defaults", *options], stdout=log, stderr=log, cwd=folder, **run)
        try:
            _wait(server, child)
            yield server
        finally:
            child.terminate()
            child.wait(_PATIENCE)


def _wait(server, child):
    until = time.monotonic() + _PATIENCE
    while child.poll() is None and time.monotonic() < until:
        try:
            server.execute("create database if not exists yb", database="mysql")
        except duckdb.Error:
            time.sleep(0.05)
        else:
            return
    pytest.fail("MariaDB did not start")
