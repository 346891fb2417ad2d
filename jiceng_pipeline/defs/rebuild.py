"""Rebuild (重建): a published version made once more, in a clean folder, of nothing but landing and ledger.

That it says the same, table by table, proves that the version is what the sources sent and people decided,
that syncing day by day gave what one full build gives, and that nobody changed it since.
"""

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import get_args

import duckdb

from jiceng_pipeline.core import files, progress
from jiceng_pipeline.core.errors import IntegrityError, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import catalogue, inputs
from jiceng_pipeline.defs.layers import layer
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import replica as landing
from jiceng_pipeline.ledger import replica as events
from jiceng_pipeline.ledger.bound import bind
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.quality import run
from jiceng_pipeline.quality.rule import Layer
from jiceng_pipeline.warehouse import build, content_hash
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.order import ordered
from jiceng_pipeline.warehouse.publish import Version
from jiceng_pipeline.warehouse.table import materialise


@dataclass(frozen=True)
class Difference:
    """A table on which they disagree: its rows by the manifest, in the published database, and made again.

    None where it is missing there; equal numbers of rows mean that values differ.
    """

    table: str
    manifest_rows: int | None
    published_rows: int | None
    rebuilt_rows: int | None


@dataclass(frozen=True)
class Rebuilt:
    """A version made again: its database, which the caller may take away, and what is not the same."""

    version: str
    content_hash: str
    database: Path
    tables: int
    differences: tuple[Difference, ...]


@contextmanager
def rebuilt(settings: Settings, version: Version) -> Iterator[Rebuilt]:
    """Make a version again; what is made is removed when the block ends, unless it was moved away.

    Raise UsageError where other code made the version, or it pinned no model, IntegrityError where landing,
    ledger or a model is damaged, Locked where a sync is running. No pull, no training, no event.
    """
    made_of = version.manifest["inputs"]
    _check_code(settings, made_of)
    with build.lock(settings):
        home = build.private(settings, f"{build.REPLAY}{secrets.token_hex(8)}").parent
        try:
            clean = replace(settings, home=home, business_date=date.fromisoformat(made_of["business_date"]))
            _lay_out(settings, clean, version)
            database = home / build.DATABASE
            _build(database, clean, made_of["ledger_seq"])
            with connect(database, settings=clean) as connection:
                found = content_hash.table_hashes(connection)
            different = _differences(_of_manifest(version), _of_database(settings, version), found)
            yield Rebuilt(version.name, content_hash.combined(found), database, len(found), different)
        finally:
            shutil.rmtree(home, ignore_errors=True)


def _check_code(settings: Settings, made_of: Mapping[str, str]) -> None:
    now = inputs.code_version(settings.sql_models, settings.reference, settings.departments)
    if made_of["code_version"] != now:
        raise UsageError(
            f"这个版本由另一版程序（{made_of['code_version']}）做成，现在的程序是 {now}，结果不可比",
            where="code_version",
            cure="装回那一版程序（或合同、SQL）再运行；或先运行 jiceng sync，再重建新版本",
        )


def _lay_out(settings: Settings, clean: Settings, version: Version) -> None:
    """Lay out in a clean home what the version was made of, checked on the way."""
    made_of, pulled = version.manifest["inputs"], version.manifest.get("pulled", {})
    with open_ledger(settings) as ledger:
        ledger.verify()
        events.write(ledger, clean, made_of["ledger_seq"])
    if len(made_of["models"]) == 0:
        raise UsageError("这个版本没有记下归并模型", where=version.name, cure="再运行一次 jiceng sync，重建那时的版本")
    with files.storage(clean.home):
        shutil.copyfile(settings.home / "secret.key", clean.home / "secret.key")
        (clean.home / "models").symlink_to(settings.models)
        for name, contract in contracts().items():
            landing.link(settings, clean, contract, made_of["landing"].get(name), pulled.get(name))


def _build(database: Path, settings: Settings, until: int) -> None:
    """Make every table, judge every rule and make the tickets, each on a connection of its own, as a sync does."""
    every = catalogue.tables(settings)
    tables = [table for table in ordered(every) if table.full_name != catalogue.TICKET]
    layers: tuple[Layer, ...] = get_args(Layer)
    total = len(tables) + len(layers) + 1
    with connect(database, settings=settings) as connection:
        bind(connection, until)
    for done, table in enumerate(tables, 1):
        with connect(database, settings=settings) as connection:
            materialise(connection, table, settings)
        progress.report(progress.Step(layer(table.schema).stage, table.title, done=done, total=total))
    for done, of in enumerate(layers, len(tables) + 1):
        with connect(database, settings=settings) as connection:
            run.check(connection, of, settings)
        progress.report(progress.Step("check", f"{layer(of).title}的检查", done=done, total=total))
    with connect(database, settings=settings) as connection:
        materialise(connection, every[catalogue.TICKET], settings)
        connection.execute("checkpoint")


def _of_manifest(version: Version) -> content_hash.Hashes:
    return {name: (told["rows"], told["hash"]) for name, told in version.manifest["tables"].items()}


def _of_database(settings: Settings, version: Version) -> content_hash.Hashes:
    try:
        with connect(version.database, settings=settings, read_only=True) as connection:
            return content_hash.table_hashes(connection)
    except (duckdb.Error, OSError) as error:
        raise IntegrityError(
            f"版本的数据库打不开（{type(error).__name__}）",
            where=str(version.database),
            cure="用 jiceng rebuild（不带 --verify）重建一份",
        ) from None


def _differences(
    manifest: content_hash.Hashes, published: content_hash.Hashes, made: content_hash.Hashes
) -> tuple[Difference, ...]:
    return tuple(
        Difference(name, *(side[name][0] if name in side else None for side in (manifest, published, made)))
        for name in sorted({*manifest, *published, *made})
        if not manifest.get(name) == published.get(name) == made.get(name)
    )
