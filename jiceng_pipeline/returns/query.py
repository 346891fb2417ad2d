"""Analysts' SQL (查询): one select over returned datasets, of one division, masked, audited.

What may be read is copied, masked, into a database in memory that knows nothing else: no file, no network, no
extension, no setting, no variable of this program. Only then the select runs there, so that whatever it tries it
finds what its Access shows. Only the datasets it names are copied.
"""

import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from threading import Timer
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import IntegrityError, JicengError, UsageError
from jiceng_pipeline.core.redaction import redacted
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.returns import communities, datasets, grants, masks
from jiceng_pipeline.returns.access import Access, authorise, failed, served
from jiceng_pipeline.returns.datasets import SCHEMA, Dataset
from jiceng_pipeline.returns.formats.csv import inert
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect, identifier

SECONDS = 60.0
_LOCKS = (
    "set temp_directory = ''",  # what does not fit into memory must not lie about on the disk
    "set python_enable_replacements = false",
    "set enable_external_access = false",
    "set lock_configuration = true",
)

_OF_THE_FILE = (duckdb.IOException, duckdb.SerializationException, duckdb.FatalException)
_ON_THE_TEXT = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)


@dataclass(frozen=True)
class Answer:
    """The rows of a select, with the receipts of the leave it rests on."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    version: str
    receipts: tuple[str, ...]


def run(
    settings: Settings,
    sql: str,
    *,
    actor: str,
    scope: str,
    purpose: str,
    profile: str = "check",
    seconds: float = SECONDS,
) -> Answer:
    """Return what the select gives; `scope` is a place's code or name, or `*`.

    Raise UsageError for what is not one select over returned datasets, or takes too long, AccessDenied where no
    grant covers one of them.
    """
    masks.of_rows(profile)
    if not purpose.strip():
        raise UsageError("先写明用途", where="查询", cure="加上 --purpose，例如 --purpose 高龄津贴核对")
    place = scope if scope == grants.EVERYTHING else communities.find(settings, scope).code
    version = publish.find(settings)
    term = hmac.new(settings.secret.encode(), sql.encode("utf-8", "surrogatepass"), sha256).hexdigest()[:32]
    with open_ledger(settings) as ledger, connect(settings=settings) as scratch:
        leave = [
            authorise(
                ledger, actor, dataset, place, profile, purpose,
                action="query", version=version.name, channel="query", term=term,
                as_of=version.manifest.get("inputs", {}).get("business_date"),
            )
            for dataset in _asked(settings, sql)
        ]  # fmt: skip
        with _told(ledger, leave):
            with _explained(settings):
                with _readable(version.database):
                    _copy(scratch, version.database, settings, leave)
                columns, rows = _result(scratch, sql, seconds)
            for access in leave:
                served(ledger, access, len(rows))
    return Answer(columns, rows, version.name, tuple(access.receipt for access in leave))


def write(answer: Answer, path: Path) -> None:
    """Write the rows as CSV or Parquet, by the file's ending, readable by its owner only."""
    if path.suffix not in {".csv", ".parquet"}:
        raise UsageError("只能写成 csv 或 parquet", where=str(path.name), cure="文件名以 .csv 或 .parquet 结尾")
    with files.storage(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with files.new_file(path) as draft:
        if path.suffix == ".csv":
            _write_csv(answer, draft)
        else:
            import pyarrow as pa
            import pyarrow.parquet as pq

            columns = zip(*answer.rows, strict=True) if answer.rows else ([] for _ in answer.columns)
            pq.write_table(pa.table([pa.array(each) for each in columns], names=list(answer.columns)), draft)


def _write_csv(answer: Answer, path: Path) -> None:
    import csv

    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow([inert(name) for name in answer.columns])
        for row in answer.rows:
            writer.writerow([_cell(value) for value in row])


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    return value.isoformat() if isinstance(value, date | datetime) else inert(str(value))


def _asked(settings: Settings, sql: str) -> list[Dataset]:
    """Return the datasets a select names; raise UsageError where it is not one select, or names none.

    It is only read here: whatever runs it, even to plan it, might already open a file it names.
    """
    known = datasets.datasets(settings)
    listed = f"可查：{'、'.join(known)}"
    try:
        statements = duckdb.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise UsageError("只能写一条 select", where="查询", cure=listed)
        names = {table.name.casefold() for table in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Table)}
    except (duckdb.Error, sqlglot.errors.SqlglotError, UnicodeError, TypeError) as error:
        raise UsageError(
            f"SQL 读不懂（{type(error).__name__}）", where="查询", cure=f"写一条 select；{listed}"
        ) from None
    found = [known[name] for name in sorted(names & set(known))]
    if not found:
        raise UsageError("没有用到可查的数据集", where="查询", cure=listed)
    return found


def _copy(scratch: duckdb.DuckDBPyConnection, database: Path, settings: Settings, leave: Sequence[Access]) -> None:
    """Copy what may be read, masked, and shut the door behind it."""
    scratch.execute(f"create schema {SCHEMA}")
    # the version is opened by a connection of its own, so that the one of the select never knew its file
    with connect(database, settings=settings, read_only=True) as published:
        for access in leave:
            name = f"{SCHEMA}.{identifier(access.dataset)}"
            present = {column for column, *_ in published.execute(f"describe {name}").fetchall()}
            shown = ", ".join(
                f"{masking.sql(identifier(column))} as {identifier(column)}"
                for column, masking in access.maskings.items()
                if column in present
            )
            rows = published.execute(f"select {shown} from {name} where {access.where()}").to_arrow_table()
            scratch.register("handed_over", rows)
            scratch.execute(f"create table {name} as select * from handed_over")
            scratch.unregister("handed_over")
    scratch.execute(f"set search_path = {literal(f'{SCHEMA},main')}")
    for lock in _LOCKS:
        scratch.execute(lock)


def _result(
    scratch: duckdb.DuckDBPyConnection, sql: str, seconds: float
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    watch = Timer(seconds, scratch.interrupt)
    watch.start()
    try:
        rows = scratch.execute(sql).fetchall()
    finally:
        watch.cancel()
    return _told_apart([str(each[0]) for each in scratch.description or ()]), rows


def _told_apart(names: list[str]) -> tuple[str, ...]:
    """Return the names of columns, each once: `name`, `name_2` where two tables that are joined both have it."""
    found = list[str]()
    for name in names:
        every = (name if nth == 1 else f"{name}_{nth}" for nth in count(1))
        found.append(next(each for each in every if each not in found and (each == name or each not in names)))
    return tuple(found)


@contextmanager
def _readable(database: Path) -> Iterator[None]:
    """Tell a damaged version as what it is: no other SQL would help."""
    try:
        yield
    except _OF_THE_FILE as error:
        raise IntegrityError(
            f"当前版本的数据库读不出来（{type(error).__name__}）",
            where=str(database),
            cure="请运行维护的人运行 jiceng doctor --fix，再运行 jiceng sync",
        ) from None


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    """Turn DuckDB's errors, which may quote values, into ours."""
    try:
        yield
    except duckdb.InterruptException:
        raise UsageError("查询太久，已停下", where="查询", cure="缩小范围，或先汇总再连接") from None
    except (duckdb.Error, UnicodeError, OverflowError, ValueError) as error:
        listed = "、".join(datasets.datasets(settings))
        # what names or grammar are wrong helps; anything else may speak of values
        said = redacted(error) if isinstance(error, _ON_THE_TEXT) else type(error).__name__
        raise UsageError(f"查询做不了（{said}）", where="查询", cure=f"改正 SQL；可查：{listed}") from None


@contextmanager
def _told(ledger: Ledger, leave: Sequence[Access]) -> Iterator[None]:
    """Write down that nothing was handed out where the block fails."""
    try:
        yield
    except BaseException:
        with suppress(JicengError):
            for access in leave:
                failed(ledger, access)
        raise
