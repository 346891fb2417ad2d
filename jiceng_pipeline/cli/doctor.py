"""`jiceng doctor`: is this instance well, and what to do where it is not."""

import os
import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from jiceng_pipeline.cli.words import out, print_json, say
from jiceng_pipeline.core.errors import IntegrityError, JicengError, StorageFailure
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    from jiceng_pipeline.warehouse.publish import Version

_ENOUGH_DISK = 2 * 2**30  # a street needs 200 MB for its last three versions; a district a few GB


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `exit_code` 0 is well; otherwise what a sick one makes doctor end with."""

    words: str
    cure: str = ""
    exit_code: int = 0
    name: str = ""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=say("检查这个实例是否完好", "is this instance well"))(doctor)


def doctor(
    fix: Annotated[bool, typer.Option(help=say("做安全的修复", "make safe repairs"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> int:
    """Look at the installation, the disk, what was landed, the ledger, the models, the version and past runs."""
    settings = Settings.load()
    found = [
        _look(say("安装", "installation"), _installation, settings),
        _look(say("磁盘", "disk"), _disk, settings),
        _look(say("实例密钥", "secret key"), _secret, settings),
        _look(say("合同", "contracts"), _contracts, settings),
        _look(say("连接", "connections"), _connections, settings),
        _look(say("快照", "snapshots"), _landing, settings),
        _look(say("账本", "ledger"), _ledger, settings),
        _look(say("归并模型", "models"), _models, settings),
        _look(say("当前版本", "current version"), _published, settings, fix),
        _look(say("同步运行", "runs"), _runs, settings, fix),
        _look(say("账本与当前版本", "ledger and version"), _ledger_reaches, settings),
    ]
    if as_json:
        print_json([{"name": finding.name, **asdict(finding)} for finding in found])
    else:
        for finding in found:
            mark = Text("✗", "red") if finding.exit_code else Text("✓", "green")
            out.print(mark, f"{finding.name}  {finding.words}", soft_wrap=True)
            if finding.cure:
                out.print(f"    {say('怎么办', 'cure')}  {finding.cure}", soft_wrap=True)
    return max((finding.exit_code for finding in found), default=0)


def _look(name: str, check: Callable[..., Finding], settings: Settings, *given: object) -> Finding:
    """Return what was found; an error nobody foresaw is a finding as well, so that the rest is looked at."""
    try:
        return replace(check(settings, *given), name=name)
    except Exception as error:
        from jiceng_pipeline.defs.failure import clean  # Dagster takes a second that only a failure needs

        told = clean(error, str(settings.home))
        assert isinstance(told, JicengError)
        return Finding(f"{told.what} {told.where}", told.cure, told.exit_code, name)


def _installation(_: Settings) -> Finding:
    import duckdb

    from jiceng_pipeline.warehouse import extensions

    for name in ("postgres_scanner", "sqlite_scanner", "mysql_scanner"):
        extensions.path(name)
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(f"Python {version}, DuckDB {duckdb.__version__}")


def _disk(settings: Settings) -> Finding:
    place = next(each for each in (settings.home, *settings.home.parents) if each.exists())
    if not os.access(place, os.W_OK):
        raise StorageFailure("不能写", where=str(place), cure="检查文件夹的权限")
    free = shutil.disk_usage(place).free
    words = say(f"剩余 {free / 2**30:.1f} GB", f"{free / 2**30:.1f} GB free")
    if free < _ENOUGH_DISK:
        return Finding(words, say("腾出空间", "free some space"), StorageFailure.exit_code)
    return Finding(words)


def _secret(settings: Settings) -> Finding:
    path = settings.home / "secret.key"
    if not path.exists() and not settings.has_landed:
        return Finding(say("第一次同步时生成", "made by the first sync"))
    _ = settings.secret  # raises where it is lost or damaged
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding(f"{path} {mode:o}", f"chmod 600 {path}", IntegrityError.exit_code)
    return Finding(say("只有所有者能读", "readable by its owner only"))


def _contracts(settings: Settings) -> Finding:
    from jiceng_pipeline.departments.contract import contracts
    from jiceng_pipeline.landing import agreement

    agreement.check(contracts().values())
    own = sum((settings.departments / f"{name}.yaml").exists() for name in contracts())
    words = say(f"{len(contracts())} 份，其中本单位添加 {own} 份", f"{len(contracts())}, {own} of them your own")
    return Finding(words)


def _connections(settings: Settings) -> Finding:
    from jiceng_pipeline.departments.contract import contracts
    from jiceng_pipeline.landing import connections

    missing = [each for each in contracts() if not connections.is_known(settings, each)]
    if missing:
        return Finding(
            say(f"没有地址：{', '.join(missing)}", f"no address: {', '.join(missing)}"),
            say(f"写进 {settings.connections}", f"write them to {settings.connections}"),
            1,
        )
    return Finding(say(f"{len(contracts())} 个系统都有地址", f"{len(contracts())} systems have addresses"))


def _landing(settings: Settings) -> Finding:
    from jiceng_pipeline.departments.contract import contracts
    from jiceng_pipeline.landing import snapshot

    found = [each for contract in contracts().values() for each in snapshot.snapshots(settings, contract)]
    for each in found:
        if not snapshot.is_whole(each):
            raise snapshot.damaged(each.rows.parent)
    if not found:
        return Finding(say("还没有", "none yet"))
    return Finding(say(f"{len(found)} 份，文件都在", f"{len(found)}, their files are there"))


def _models(settings: Settings) -> Finding:
    from jiceng_pipeline.matching import versions
    from jiceng_pipeline.matching.model import matchings

    if not settings.ledger.exists():
        return Finding(say("还没有", "none yet"))
    found = [version.name for each in matchings().values() if (version := versions.in_force(settings, each))]
    return Finding("、".join(found) or say("还没有", "none yet"))


def _ledger(settings: Settings) -> Finding:
    from jiceng_pipeline.ledger.store import head_file, open_ledger

    if not settings.ledger.exists() and not head_file(settings).exists():
        return Finding(say("还没有", "none yet"))
    with open_ledger(settings) as ledger:
        head = ledger.verify()
    return Finding(say(f"{head.seq} 条，链条完整", f"{head.seq} events, chain whole"))


def _ledger_reaches(settings: Settings) -> Finding:
    from jiceng_pipeline.defs import inputs

    inputs.check_ledger(settings)
    return Finding(say("版本用到的事件都在", "what the version was made of is there"))


def _published(settings: Settings, fix: bool) -> Finding:
    from jiceng_pipeline.warehouse import publish

    try:
        version = publish.current(settings)
        if version is None and not publish.versions(settings):
            return Finding(say("还没有", "none yet"))
        if version is None:
            raise IntegrityError(
                "有版本，却没有一个在用（current 链接不见了）",
                where=str(settings.published),
                cure="运行 jiceng doctor --fix 或 jiceng sync",
            )
        _compare(settings, version)
    except IntegrityError as damaged:
        if not fix:
            raise
        publish.set_aside(settings)
        served = publish.current(settings)
        now = served.name if served else say("还没有", "none")
        words = f"{damaged.what}{say('；已处理，现在使用', '; mended, now served:')} {now}"
        return Finding(words, say("运行 jiceng sync", "run jiceng sync"))
    return Finding(f"{version.name}  {say('与清单相符', 'agrees with its manifest')}")


def _compare(settings: Settings, version: "Version") -> None:
    """Raise IntegrityError where the database does not open, or does not hold what its manifest says."""
    import duckdb

    from jiceng_pipeline.warehouse import content_hash
    from jiceng_pipeline.warehouse.connection import connect

    cure = "先运行 jiceng doctor --fix，再运行 jiceng sync"
    try:
        with connect(version.database, settings=settings, read_only=True) as connection:
            tables = content_hash.table_hashes(connection)
    except duckdb.Error as error:
        raise IntegrityError(f"打不开（{type(error).__name__}）", where=str(version.database), cure=cure) from None
    told = version.manifest["tables"]
    if version.manifest.get("hashed_by") == content_hash.METHOD:
        is_same = content_hash.combined(tables) == version.manifest["content_hash"]
    else:  # hashed by another DuckDB: what can still be compared is how many rows each table has
        is_same = {name: rows for name, (rows, _) in tables.items()} == {name: told[name]["rows"] for name in told}
    if not is_same:
        raise IntegrityError("内容与清单的散列不符", where=str(version.database), cure=cure)


def _runs(settings: Settings, fix: bool) -> Finding:
    from jiceng_pipeline.defs import instance as history

    if not settings.dagster.exists():
        return Finding(say("还没有", "none yet"))
    with history.opened(settings) as instance:
        dead = len(history.reap(instance) if fix else history.dead(instance))
    if not dead:
        return Finding(say("没有中断后未收尾的", "none left behind"))
    if fix:
        return Finding(say(f"收尾了 {dead} 个", f"{dead} reaped"))
    return Finding(
        say(f"{dead} 个中断后未收尾", f"{dead} left behind by a kill"),
        say("jiceng doctor --fix，或下一次同步会收尾", "jiceng doctor --fix, or the next sync reaps them"),
        1,
    )
