"""Published versions: immutable folders, one of them current, switched by one atomic rename."""

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.errors import IntegrityError, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse import content_hash, parquet
from jiceng_pipeline.warehouse.connection import connect, quoted

KEPT_VERSIONS = 3
HOLDS = ".held"
_TOLD = {"inputs", "summary", "content_hash", "tables", "returned"}  # without these a manifest is none
DATABASE = "jiceng.duckdb"


@dataclass(frozen=True)
class Version:
    """One published version and what its manifest says of it."""

    name: str
    folder: Path
    manifest: Mapping[str, Any]

    @property
    def database(self) -> Path:
        """The database, to be opened read-only."""
        return self.folder / DATABASE

    @property
    def short_name(self) -> str:
        """The first eight signs of its hash, as file names carry it."""
        return self.name.rpartition("-")[2][:8]


@dataclass(frozen=True)
class Published:
    """What publishing led to: a new version, or the current one where the content is the same."""

    version: Version
    is_new: bool


def current(settings: Settings) -> Version | None:
    """Return the version being served, None before the first; raise IntegrityError if it is broken."""
    link: Path = settings.published / "current"
    if link.exists() and not link.is_symlink():
        raise IntegrityError(
            "current 应是指向一个版本的链接，却是一份副本（多半是拷贝时没有保留链接）",
            where=str(link),
            cure="先运行 jiceng doctor --fix，再运行 jiceng sync",
        )
    return _read(link.resolve()) if link.is_symlink() else None


def find(settings: Settings, name: str | None = None) -> Version:
    """Return the version of that name, or whose hash begins so, None: the current one; raise UsageError for none."""
    if name is None:
        served = current(settings)
        if served is None:
            raise UsageError("还没有发布过版本", where=str(settings.published), cure="先运行 jiceng sync")
        return served
    found = [each for each in versions(settings) if each == name or (name and each.rpartition("-")[2].startswith(name))]
    if len(found) != 1:
        raise UsageError(
            "有几个这样的版本" if found else "没有这个版本",
            where=f"版本 {name}",
            cure=f"可用：{'、'.join(versions(settings)) or '还没有'}",
        )
    return _read(settings.published / found[0])


def last_whole(settings: Settings) -> Version | None:
    """Return the current version or, where that is broken, the newest one that is not: what a sync builds on."""
    link: Path = settings.published / "current"
    served = [link.resolve().name] if link.is_symlink() else []
    for name in (*served, *reversed(versions(settings))):
        try:
            return _read(settings.published / name)
        except IntegrityError:
            continue
    return None


def set_aside(settings: Settings) -> None:
    """Take a damaged current version out of service, keep it for inspection, and serve the one before, if any."""
    link: Path = settings.published / "current"
    damaged = link.resolve()
    with files.storage(settings.published):
        if link.is_symlink():
            link.unlink()
        if damaged.is_dir():
            damaged.rename(settings.published / f".damaged-{damaged.name}")
    if before := last_whole(settings):
        _switch(settings, before.name)


def _read(folder: Path) -> Version:
    cure = "先运行 jiceng doctor --fix，再运行 jiceng sync"
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise IntegrityError("当前版本的清单读不出来", where=str(folder), cure=cure) from None
    if not (isinstance(manifest, dict) and set(manifest) >= _TOLD):
        raise IntegrityError("当前版本的清单不全", where=str(folder), cure=cure)
    if not (folder / DATABASE).is_file():
        raise IntegrityError("当前版本的数据库不见了", where=str(folder), cure=cure)
    return Version(folder.name, folder, manifest)


def publish(
    settings: Settings, database: Path, facts: Mapping[str, Any], hashes: content_hash.Hashes | None = None
) -> Published:
    """Turn a checked build into the current version; `facts` holds `inputs` and `summary`.

    `hashes` are those of tables that were hashed before and have not changed since. The file is moved, not copied.
    Where the content equals the current version's, nothing changes.
    """
    with connect(database, settings=settings) as connection:
        connection.execute("drop schema if exists previous cascade")
        tables = content_hash.table_hashes(connection, known=hashes)
        content = content_hash.combined(tables)
        served = last_whole(settings)
        if served and served.manifest["content_hash"] == content:
            _serve(settings, served)
            return Published(served, is_new=False)
        returned = [
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'returned' order by all"
            ).fetchall()
        ]
        manifest = {
            **facts,
            "created": clock.now().isoformat(),
            "content_hash": content,
            "hashed_by": content_hash.METHOD,
            "previous": served.name if served else None,
            "tables": {name: {"rows": rows, "hash": value} for name, (rows, value) in sorted(tables.items())},
            "returned": {
                name: connection.execute(f"select count(*) from returned.{name}").fetchall()[0][0] for name in returned
            },
        }
        manifest_hash = sha256(json.dumps(manifest, sort_keys=True, default=str).encode()).hexdigest()[:12]
        name = f"{clock.stamp()}-{manifest_hash}"
        with files.new_folder(settings.published / name) as draft:
            for dataset in returned:
                target = quoted(str(draft / f"{dataset}.parquet"))
                connection.execute(f"copy returned.{dataset} to '{target}' ({parquet.FORMAT})")
            connection.execute("checkpoint")
            connection.close()
            files.write_json(draft / "manifest.json", {**manifest, "version": name})
            database.rename(draft / DATABASE)
    _switch(settings, name)
    _prune(settings)
    version = current(settings)
    assert version is not None
    return Published(version, is_new=True)


def _serve(settings: Settings, version: Version) -> None:
    """Make a version current that is there but not served: a kill came before the switch, or the link was lost."""
    if (settings.published / "current").resolve() != version.folder.resolve():
        _switch(settings, version.name)


def _switch(settings: Settings, name: str) -> None:
    """Make `name` current: one rename, so a reader sees the old version or the new one."""
    with files.storage(settings.published):
        draft = settings.published / f".current.{secrets.token_hex(4)}"
        draft.symlink_to(name)
        draft.replace(settings.published / "current")
        files.sync(settings.published)


def versions(settings: Settings) -> list[str]:
    """Return the names of the versions still kept, oldest first."""
    if not settings.published.is_dir():
        return []
    return sorted(path.name for path in settings.published.glob("2*") if (path / "manifest.json").is_file())


def hold(settings: Settings, holder: str, version: str) -> None:
    """Keep a version for somebody who still has to compare with it; a holder holds one at a time."""
    files.write_text(settings.published / HOLDS / holder, f"{version}\n")


def release(settings: Settings, holder: str) -> None:
    """Let go of what that holder held."""
    (settings.published / HOLDS / holder).unlink(missing_ok=True)


def held(settings: Settings) -> frozenset[str]:
    """Return the versions that somebody still needs."""
    folder: Path = settings.published / HOLDS
    if not folder.is_dir():
        return frozenset()
    return frozenset(path.read_text("utf-8").strip() for path in folder.iterdir() if not path.name.startswith("."))


def _prune(settings: Settings) -> None:
    """Remove all but the last versions and those that are held, and drafts of publishes that died."""
    served = last_whole(settings)
    needed = held(settings) | ({served.name} if served else set())
    for name in versions(settings)[:-KEPT_VERSIONS]:
        if name not in needed:
            shutil.rmtree(settings.published / name, ignore_errors=True)
    for leftover in settings.published.glob(".2*"):
        shutil.rmtree(leftover, ignore_errors=True)
