"""The simulation's servers while they run: one owner, one file with pids and ports, nothing left behind."""

import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import JicengError, UsageError
from jiceng_pipeline.core.processes import Process
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation import mariadb, postgresql
from jiceng_pipeline.simulation.postgresql import Server
from jiceng_pipeline.simulation.store import Place, stores

MARIADB = "mariadb"
HEADER = "# 各部门系统的地址。模拟城市每次启动时改写自己的条目，其他条目保持不变。\n"


@dataclass(frozen=True)
class Servers:
    """Where the running servers are."""

    postgresql: str  # URL of the login that owns everything
    http: str
    mysql: str = ""  # likewise; empty where the city has no store in MariaDB


@contextmanager
def running(settings: Settings) -> Iterator[Servers]:
    """Run the servers of the simulated departments, and say in connections.yaml where they are.

    Where a live process already does, its servers are used and left running; servers whose owner is
    dead are ended first. Raises UsageError where no city has been simulated.
    """
    if not (settings.simulated / "city.json").exists():
        raise UsageError("还没有模拟城市", where=str(settings.simulated), cure="先运行 jiceng simulate")
    with transition(settings):
        held = _held(settings)
    if held:
        yield held
        return
    mine = ExitStack()
    try:
        with transition(settings):
            servers = _held(settings) or _start(settings, mine)
        yield servers
    finally:
        with transition(settings):
            mine.close()


@contextmanager
def transition(settings: Settings) -> Iterator[None]:
    """Hold the simulation while it changes: one process starts, stops or writes at a time."""
    with files.storage(settings.simulated):
        settings.simulated.mkdir(parents=True, exist_ok=True)
        lock = (settings.simulated / ".lock").open("w")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def database(settings: Settings, medical_store: str | None = None) -> Iterator[str]:
    """Yield the URL of the PostgreSQL server, started for the block if nobody runs it; inside `transition`.

    So is MariaDB, where the medical insurance keeps its table there: `medical_store` says so, or the city
    there is. Raises UsageError where the servers that run are those of another kind of store.
    """
    in_mariadb = (medical_store or _medical_store(settings)) == MARIADB
    if held := _held(settings):
        if bool(held.mysql) != in_mariadb:
            cure = "先结束 jiceng simulate serve"
            raise UsageError("模拟系统正在运行，不能换医保库", where=str(settings.simulated), cure=cure)
        yield held.postgresql
    else:
        with ExitStack() as mine:
            server = _start_database(settings, mine, {})
            if in_mariadb:
                _start_mariadb(settings, mine)
            yield server.url


def place(settings: Settings, system: str, servers: Servers, token: str = "") -> Place:
    """Return the place of one store."""
    folder = settings.simulated / "stores" / system
    return Place(folder, servers.postgresql, servers.http, token, _mysql(_noted(settings)))


def _note_path(settings: Settings) -> Path:
    return settings.simulated / "running.json"


def _noted(settings: Settings) -> dict[str, Any]:
    try:
        noted = json.loads(_note_path(settings).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _held(settings: Settings) -> Servers | None:
    """Return the servers a live owner runs, if all of them live."""
    noted = _noted(settings)
    parts = [Process.read(noted.get(name)) for name in ("owner", "postgresql", "http", *({"mariadb"} & set(noted)))]
    if not all(part.is_alive for part in parts):
        return None
    url = postgresql.address(Path(noted["postgresql"]["socket"]))
    return Servers(url, f"http://127.0.0.1:{noted['http']['port']}", _mysql(noted))


def _mysql(noted: dict[str, Any]) -> str:
    return mariadb.address(Path(noted["mariadb"]["folder"])) if "mariadb" in noted else ""


def _reap(settings: Settings) -> None:
    """End the servers of an owner that is gone, or that lost one of them."""
    noted = _noted(settings)
    Process.read(noted.get("http")).end(signal.SIGTERM, signal.SIGKILL)
    if isinstance(server := noted.get("postgresql"), dict):
        Server(Process.read(server), Path(server["socket"])).stop()
    if isinstance(server := noted.get("mariadb"), dict):
        mariadb.Server(Process.read(server), Path(server["folder"])).stop()
    _note_path(settings).unlink(missing_ok=True)


def _start(settings: Settings, mine: ExitStack) -> Servers:
    """Start all servers; `mine` stops them when it closes, also if this fails half-way."""
    token = secrets.token_urlsafe(24)
    service = mine.enter_context(_http(settings, token))
    server = _start_database(settings, mine, {"http": service.process.noted()})
    mysql = _start_mariadb(settings, mine).url if _medical_store(settings) == MARIADB else ""
    port = service.port()
    files.write_json(_note_path(settings), _noted(settings) | {"http": service.process.noted() | {"port": port}})
    servers = Servers(server.url, f"http://127.0.0.1:{port}", mysql)
    _write_connections(settings, servers, token)
    return servers


def _start_database(settings: Settings, mine: ExitStack, noted: dict[str, Any]) -> Server:
    """Start the database server; it is noted down from its first moment until `mine` has stopped it."""
    _reap(settings)

    def note(server: Server) -> None:
        owner, database_server = Process.of(os.getpid()), server.process
        noted["owner"], noted["postgresql"] = owner.noted(), database_server.noted() | {"socket": str(server.socket)}
        files.write_json(_note_path(settings), noted)

    def forget() -> None:
        if _noted(settings).get("postgresql") == noted.get("postgresql"):
            _note_path(settings).unlink(missing_ok=True)

    mine.callback(forget)
    return mine.enter_context(postgresql.serving(settings.simulated / "postgresql", note))


def _start_mariadb(settings: Settings, mine: ExitStack) -> mariadb.Server:
    """Start the MariaDB server, beside the others; it is noted down until `mine` has stopped it."""

    def note(server: mariadb.Server) -> None:
        noted = server.process.noted() | {"folder": str(server.folder)}
        files.write_json(_note_path(settings), _noted(settings) | {"mariadb": noted})

    def forget() -> None:
        if left := {name: value for name, value in _noted(settings).items() if name != "mariadb"}:
            files.write_json(_note_path(settings), left)
        else:
            _note_path(settings).unlink(missing_ok=True)

    mine.callback(forget)
    return mine.enter_context(mariadb.serving(settings.simulated / "mariadb", note))


def _medical_store(settings: Settings) -> str:
    """Return what `city.json` says of the medical insurance's store; empty where there is no city yet."""
    try:
        made: dict[str, Any] = json.loads((settings.simulated / "city.json").read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    return str(made.get("medical_store", ""))


@dataclass(frozen=True)
class HttpService:
    """The process that serves HTTP."""

    child: subprocess.Popen[bytes]
    process: Process
    log: Path

    def port(self) -> int:
        """Wait until the service says its port."""
        assert self.child.stdout
        if answer := self.child.stdout.readline():
            return int(json.loads(answer)["port"])
        raise JicengError("模拟的 HTTP 接口没有启动", where=str(self.log), cure="查看日志后重试")


@contextmanager
def _http(settings: Settings, token: str) -> Iterator[HttpService]:
    """Run the HTTP service in a process that ends when its input does, however we end."""
    log_path = settings.simulated / "http.log"
    command = [sys.executable, "-m", "jiceng_pipeline.simulation.http_service"]
    with log_path.open("ab") as log:
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    assert child.stdin
    with child:
        service = HttpService(child, Process.of(child.pid), log_path)
        try:
            asked = {"folder": str(settings.simulated / "stores"), "token": token}
            child.stdin.write(json.dumps(asked).encode() + b"\n")
            child.stdin.flush()
            yield service
        finally:
            child.stdin.close()
            service.process.end(signal.SIGTERM, signal.SIGKILL, patience=2)


def _write_connections(settings: Settings, servers: Servers, token: str) -> None:
    """Write where every simulated store is; entries of other systems stay as they are."""
    path = settings.connections
    try:
        known = yaml.safe_load(path.read_text("utf-8")) if path.exists() else {}
    except yaml.YAMLError:
        known = "not YAML"
    if not isinstance(known or {}, dict):
        raise UsageError("connections.yaml 读不懂", where=str(path), cure="改成 部门/系统: {地址} 的列表，或移走它")
    ours = {system: store.connection(place(settings, system, servers, token)) for system, store in stores().items()}
    entries = dict(sorted({**(known or {}), **ours}.items()))
    files.write_text(path, HEADER + yaml.safe_dump(entries, allow_unicode=True, sort_keys=False))
    path.chmod(0o600)
