"""A MariaDB server of the system's own package, private to the simulation: no network, no password, one socket."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.core.errors import JicengError, StorageFailure, UsageError
from jiceng_pipeline.core.processes import Process
from jiceng_pipeline.simulation import servant, text
from jiceng_pipeline.simulation.servant import PATIENCE
from jiceng_pipeline.simulation.store import Change, whole
from jiceng_pipeline.warehouse.connection import connect, quoted

KEYS = 5_000  # named in one statement
OPTIONS = ("--skip-networking", "--skip-log-bin", "--character-set-server=utf8mb4", "--default-time-zone=+08:00")


@dataclass
class Server:
    """A running server; `folder` holds its socket, and only its account may enter."""

    process: Process
    folder: Path
    child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the URL of the login that owns everything."""
        return address(self.folder)

    def stop(self) -> None:
        """Stop the server, at once if it does not want to."""
        self.process.end(signal.SIGTERM, signal.SIGKILL, patience=PATIENCE / 3)
        if self.child:
            self.child.wait()
        servant.remove_socket(self.folder)


def address(folder: Path) -> str:
    """Return the URL of a server with its socket in that folder."""
    return f"mysql://root@localhost/mysql?socket={folder / 'socket'}"


def program(name: str) -> str:
    """Return the path of one of MariaDB's programs; raise UsageError where it is not installed."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found:
        raise UsageError(
            "没有安装 MariaDB", where=name, cure="安装 mariadb-server-core 和 mariadb-client-core，或不选 mariadb"
        )
    return found


@contextmanager
def serving(data: Path, note: Callable[[Server], None]) -> Iterator[Server]:
    """Run a server over the folder `data` for the length of the block; `note` is told of it before it answers.

    Raises UsageError where MariaDB is not installed, JicengError where the server does not start.
    """
    if not (data / "mysql").exists():
        _initialise(data)
    if orphan := left_behind(data):
        orphan.end(signal.SIGTERM, signal.SIGKILL, patience=PATIENCE / 3)
    server = _start(data)
    try:
        note(server)
        if not _answers(server):
            raise JicengError("模拟的 MariaDB 没有启动", where=str(_log(data)), cure="查看日志后重试")
        yield server
    finally:
        server.stop()


def execute(url: str, *statements: str) -> None:
    """Run statements on the server, one after the other."""
    with connect(extensions=["mysql_scanner"]) as connection:
        socket = quoted(url.partition("?socket=")[2])
        connection.execute(f"create secret login (type mysql, socket '{socket}', user 'root', database 'mysql')")
        connection.execute("attach '' as server (type mysql, secret login)")
        for statement in statements:
            connection.execute("call mysql_execute('server', ?)", [statement])


def fill(url: str, table: str, rows: Iterable[Any], draft: Path) -> None:
    """Replace the rows of `table` (`schema.name`) by `rows`, tables of text, through the file `draft`.

    A null stays one.
    """
    _load(url, table, rows, draft, [f"truncate table {table}"])


def _load(url: str, table: str, rows: Iterable[Any], draft: Path, before: Sequence[str]) -> None:
    account, names = servant.account(), ""
    with whole(draft) as path:
        with path.open("wb") as out:
            for each in rows:
                names = ", ".join(each.column_names)
                out.write(_lines(each))
        servant.hand_over(path, account)
        if account:
            servant.let_pass(path)
        execute(
            url,
            *before,
            f"load data infile '{quoted(str(path.resolve()))}' into table {table} character set utf8mb4 "
            f"""fields terminated by ',' enclosed by '"' escaped by '' lines terminated by '\\n' ({names})""",
        )
    draft.unlink()


def revise(url: str, table: str, key: Sequence[str], change: Change, draft: Path) -> None:
    """Change rows of `table` in place: those with the keys of `change` go, the changed ones are loaded anew."""
    keys = pa.concat_tables([change.gone, change.changed.select(list(key))])
    wanted = [f"({', '.join(_literal(cell) for cell in row)})" for row in zip(*keys.to_pydict().values(), strict=True)]
    deletes = [
        f"delete from {table} where ({', '.join(key)}) in ({', '.join(wanted[start : start + KEYS])})"
        for start in range(0, len(wanted), KEYS)
    ]
    _load(url, table, [change.changed], draft, deletes)


def _literal(cell: str | None) -> str:
    return "null" if cell is None else "'" + cell.replace("\\", "\\\\").replace("'", "''") + "'"


def left_behind(data: Path) -> Process | None:
    """Return the server that runs over `data` though nobody noted it down, if there is one."""
    try:
        process = Process.of(int((data / "mariadb.pid").read_text()))
        home = Path(f"/proc/{process.pid}/cwd").readlink()
    except (OSError, ValueError):
        return None
    return process if home == data.resolve() else None


def _lines(rows: Any) -> bytes:
    """Return rows as LOAD DATA reads them: everything quoted, a null as the bare word NULL."""
    cells = [
        pc.fill_null(text.join('"', pc.replace_substring(column.combine_chunks(), '"', '""'), '"'), "NULL")
        for column in rows.columns
    ]
    lines: pa.Array = pc.binary_join_element_wise(*cells, ",")
    return "".join(f"{line}\n" for line in lines.to_pylist()).encode()


def _initialise(data: Path) -> None:
    """Make the data folder of a new server, whole or not at all."""
    account, draft = servant.account(), servant.new_data(data)
    if account:
        servant.let_pass(draft)
    command = [program("mariadb-install-db"), "--no-defaults", f"--datadir={draft}", "--skip-test-db"]
    command += ["--auth-root-authentication-method=normal", "--skip-name-resolve"]
    made = subprocess.run(command, capture_output=True, text=True, cwd=draft, **servant.running_as(account))
    if made.returncode:
        _log(data).write_text(made.stdout + made.stderr)
        raise StorageFailure("模拟的 MariaDB 建不起来", where=str(_log(data)), cure="检查磁盘空间和文件夹权限")
    draft.rename(data)


def _start(data: Path) -> Server:
    folder = servant.new_socket()
    if servant.account():
        servant.let_pass(data)
    places = [
        f"--datadir={data.resolve()}",
        f"--socket={folder / 'socket'}",
        f"--pid-file={data.resolve()}/mariadb.pid",
    ]
    command = [program("mariadbd"), "--no-defaults", *places, *OPTIONS]
    child = servant.start(command, _log(data), folder)
    return Server(Process.of(child.pid), folder, child)


def _answers(server: Server) -> bool:
    def is_ready() -> bool:
        if not (server.folder / "socket").exists():
            return False
        try:
            execute(server.url)
        except duckdb.Error:
            return False
        return True

    return servant.answers(server.process, is_ready, 0.05)


def _log(data: Path) -> Path:
    return data.with_name("mariadb.log")
