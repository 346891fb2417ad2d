"""What one sync keeps for the next: what was prepared of each record, and every pair that was weighed.

A cache, beside the published versions and no part of them: it may be deleted at any time, and whatever does not
fit any more (another model, another program, a run that broke off) is forgotten, and every record weighed anew.
No text is in it but ids of records and of entities: numbers of these, and of what they hold.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

import duckdb

from jiceng_pipeline.core import files
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import macros, takeover, versions
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.standard import functions
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import has_table

_CODE = Path(__file__).parent


@contextmanager
def opened(
    connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching, version: versions.Version | None
) -> Iterator[bool]:
    """Attach `kept`, as the sync before left it or empty; what is done inside is kept if it ends well.

    Yields whether it is kept at all: of less than `settings.kept_records` records nothing is.

    Of all records: `entity_row` and `loose_row`, what was prepared of them; `loose_id(rid, record_id)`;
    `stopped(kind, value)`, and in `stopped_holding(rid, kind, value)` who holds it; `name_count`.
    Of weighing: `left_key`, `kin` and `crowded`, what the records to be placed are blocked by, who their kin is, and
    which blocks are too wide; `weighed`, `excluded`, `near`, and `ahead`, those of it that are clearly ahead;
    `compared_again` and `compared_pool`, what the second look and the pool found, by what pairs are like;
    `settled(rid, tid)`, where people put a record. Of numbers: what `lending` keeps. Of clusters: what `founding` says.
    Of tables: `taken` is of `takeover`.
    """
    is_kept = _is_enough(connection, settings, matching)
    _attach(connection, settings, matching, _made_by(settings, version) if is_kept else None)
    try:
        connection.execute("delete from kept.made")  # until all is done there is nothing that anybody could use
        yield is_kept
        made_by = _made_by(settings, version or versions.in_force(settings, matching))
        connection.execute(f"insert into kept.made values ({literal(made_by)})")
    finally:
        connection.execute("detach kept")


def _is_enough(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> bool:
    records: int = connection.execute(f"select count(*) from {matching.records}").fetchall()[0][0]
    return records >= settings.kept_records


def clear(connection: duckdb.DuckDBPyConnection, matching: Matching, why: str) -> None:
    """Forget everything."""
    connection.execute(
        """create or replace table kept.made (made_by varchar);
        drop table if exists kept.entity_row;
        drop table if exists kept.loose_row;
        drop table if exists kept.compared_again;
        drop table if exists kept.compared_pool;
        drop table if exists kept.decided;
        drop table if exists kept.founded"""
    )
    takeover.clear(connection)
    forget_weighed(connection, matching, why)


def put(connection: duckdb.DuckDBPyConnection, name: str, select: str) -> None:
    """Create `kept.<name>` of a select of numbers and ids."""
    _declare(connection, name, _described(connection, select))
    connection.execute(f"insert into kept.{name} {select}")


def forget_weighed(connection: duckdb.DuckDBPyConnection, matching: Matching, why: str) -> None:
    """Forget what was weighed; temp table `forgotten(why)` says why, and is empty where nothing was forgotten."""
    connection.execute(f"insert into forgotten values ({literal(why)})")
    pair, levels = ("rid ubigint", "tid ubigint"), [f"{name} utinyint" for name in matching.comparisons]
    for name in ("compared_again", "compared_pool"):
        if not has_table(connection, f"main.{name}", "kept"):
            _declare(connection, name, ("alike ubigint", *levels))
    for name, columns in {
        "settled": pair,
        "left_key": ("rid ubigint", "key ubigint"),
        "kin": pair,
        "crowded": ("key ubigint", "tid ubigint"),
        "weighed": (*pair, *levels, "weight integer"),
        "excluded": pair,
        "near": (*pair, "weight integer", "second ubigint", "second_weight integer", "pattern varchar"),
        "ahead": (*pair, "weight integer", "pattern varchar"),
    }.items():
        _declare(connection, name, columns)


def _declare(connection: duckdb.DuckDBPyConnection, name: str, columns: Iterable[str]) -> None:
    """Create a table of keyed hashes, nearly all: nothing makes them smaller, and to try takes as long as to write."""
    plain = ", ".join(f"{column} using compression uncompressed" for column in columns)
    connection.execute(f"create or replace table kept.{name} ({plain})")


def _described(connection: duckdb.DuckDBPyConnection, select: str) -> list[str]:
    return [f"{column} {kind}" for column, kind, *_ in connection.execute(f"describe {select}").fetchall()]


def _attach(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching, made_by: str | None) -> None:
    connection.execute("create or replace temp table forgotten (why varchar)")
    if made_by is None:
        connection.execute("attach ':memory:' as kept")
        clear(connection, matching, "记录不多，全部比对更快")
        return
    why = "还没有上次的比对可以接着用"
    path = _path(settings, matching)
    with files.storage(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        why = "模型或程序变了，或者上次没有做完"
        with suppress(duckdb.Error):  # a file that cannot be read is of no more use than one by another program
            connection.execute(f"attach {literal(str(path))} as kept")
            if _is_by(connection, made_by):
                return
    connection.execute("detach database if exists kept")
    for each in (path, path.with_name(f"{path.name}.wal")):
        each.unlink(missing_ok=True)
    connection.execute(f"attach {literal(str(path))} as kept")
    clear(connection, matching, why)


def _path(settings: Settings, matching: Matching) -> Path:
    return Path(settings.cache / "matching" / f"{matching.entity}.duckdb")


def _is_by(connection: duckdb.DuckDBPyConnection, made_by: str) -> bool:
    if not has_table(connection, "main.made", "kept"):
        return False
    return connection.execute("select made_by from kept.made").fetchall() == [(made_by,)]


def _made_by(settings: Settings, version: versions.Version | None) -> str:
    """Return what the file depends on: the model version, this room's code, the engine, the home's secret."""
    name = version and version.name
    return sha256(f"{settings.secret}|{name}|{_program()}".encode()).hexdigest()


@cache
def _program() -> str:
    told = sha256(f"{duckdb.__version__}|{macros.statements()}|{functions.macros()}".encode())
    for path in sorted((*_CODE.rglob("*.py"), *_CODE.rglob("*.yaml"))):
        told.update(path.read_bytes())
    return told.hexdigest()
