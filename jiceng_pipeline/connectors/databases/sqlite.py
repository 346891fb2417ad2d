"""SQLite: one table of a file, read as text by DuckDB's scanner; rows that are no UTF-8 are GB18030."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.connectors import base, columns, encoding
from jiceng_pipeline.connectors.base import Extract, Reject, Source
from jiceng_pipeline.connectors.databases import nul
from jiceng_pipeline.connectors.databases.table import Table
from jiceng_pipeline.core.errors import SourceRejected, SourceUnreachable
from jiceng_pipeline.core.redaction import redacted
from jiceng_pipeline.warehouse.connection import connect, identifier, quoted

SCHEMES = ("sqlite",)
_WAIT_SECONDS = 30


def read(source: Source, options: Table) -> Extract:
    """Return the table's rows; `_row` is SQLite's rowid, or a count where the table has none."""
    path = _path(source)
    if not path.is_file():
        raise SourceUnreachable(
            "数据库文件不存在", where=str(path), cure="检查共享文件夹是否挂载，或改正 connections.yaml"
        )
    extract = Extract(source_bytes=path.stat().st_size)
    extract.batches = _batches(path, source, options, extract)
    return extract


def _path(source: Source) -> Path:
    """Return the file at `file`, or in the `url` sqlite:///file."""
    if "file" in source.address:
        return Path(source.at("file"))
    return Path(unquote(urlsplit(source.at("url")).path[1:]))


def _batches(path: Path, source: Source, options: Table, extract: Extract) -> Iterator[pa.RecordBatch]:
    where = f"{path.name} {options.table}"
    with _reading(where), closing(_opened(path)) as database:
        # One read transaction over it all: what is listed and counted is what is read.
        database.execute("begin")
        table = identifier(options.table)
        names = columns.matched(_columns(database, table, where), source, where)
        extract.notes |= columns.renamed(names)
        wanted = ""
        if since := source.since:
            wanted = f" where cast({identifier(names[since.column])} as text) >= '{quoted(since.value)}'"
        extract.promised_rows = database.execute(f"select count(*) from {table}{wanted}").fetchone()[0]
        count, has_rowid = 0, _has_rowid(database, options.table)
        for found in _scanned(path, table + wanted, names, has_rowid):
            counted = pa.array(np.arange(count + 1, count + found.num_rows + 1))
            count += found.num_rows
            rows = found.column(0) if has_rowid else counted
            values = found.columns[-len(names) :]
            if not all(map(_is_text, values)):
                extract.notes["encoding"] = "有的行不是 UTF-8，按 GB18030 读取"
                values, readable = _decoded(values)
                extract.rejects += [
                    Reject(where, row, "文字编码无法识别（不是 UTF-8，也不是 GB18030）")
                    for row in rows.filter(pc.invert(readable)).to_pylist()
                ]
                rows, values = rows.filter(readable), [value.filter(readable) for value in values]
            yield base.batch(source.columns, where, *nul.without(rows, values, where, extract))


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_WAIT_SECONDS)
    database.isolation_level = None
    database.text_factory = bytes
    return database


def _columns(database: sqlite3.Connection, table: str, where: str) -> list[str]:
    found = [encoding.decoded(row[1]) for row in database.execute(f"pragma table_info({table})")]
    if not found:
        raise SourceRejected("没有这张表", where=where, cure="请恢复原表名；确需改动的，由管理员改合同里的 table")
    return found


def _has_rowid(database: sqlite3.Connection, name: str) -> bool:
    """Return whether it is a table with row numbers: views have none, nor tables `without rowid`."""
    tables = "select 1 from sqlite_master where type = 'table' and name = ? collate nocase"
    if database.execute(tables, [name]).fetchone() is None:
        return False
    try:
        database.execute(f"select rowid from {identifier(name)} limit 0")
    except sqlite3.OperationalError:
        return False
    return True


def _scanned(path: Path, table: str, names: dict[str, str], has_rowid: bool) -> Iterator[pa.RecordBatch]:
    """Yield the table as DuckDB's scanner gives it, in the order of rowid; its strings are unchecked."""
    with connect(extensions=["sqlite_scanner"]) as connection:
        connection.execute("set sqlite_all_varchar = true")
        connection.execute("set sqlite_disable_multithreaded_scans = true")
        connection.execute(f"attach '{quoted(str(path))}' as source (type sqlite, read_only)")
        cells = ", ".join(f"{identifier(theirs)} as {identifier(ours)}" for ours, theirs in names.items())
        rowid = "rowid, " if has_rowid else ""
        found = connection.execute(f"select {rowid}{cells} from source.{table}")
        yield from found.to_arrow_reader(base.BATCH_ROWS)


def _is_text(values: pa.Array) -> bool:
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _decoded(values: list[pa.Array]) -> tuple[list[pa.Array], pa.Array]:
    """Return columns of bytes as text, and which rows could be read."""
    rows = zip(*(value.cast(pa.binary()).to_pylist() for value in values), strict=True)
    texts = [_text(row) for row in rows]
    readable = pa.array([text is not None for text in texts])
    blank = [None] * len(values)
    cells = zip(*(blank if text is None else text for text in texts), strict=True)
    return [pa.array(column, pa.string()) for column in cells], readable


def _text(row: tuple[bytes | None, ...]) -> list[str | None] | None:
    """Return the row's text, None where a cell is neither UTF-8 nor GB18030."""
    try:
        return [cell if cell is None else cell.decode() for cell in row]
    except UnicodeDecodeError:
        pass
    try:
        return [cell if cell is None else _mixed(cell) for cell in row]
    except UnicodeDecodeError:
        return None


def _mixed(cell: bytes) -> str:
    """Return the text of a cell whose row is not all UTF-8.

    Two or three Chinese characters of GB18030 can by chance be valid UTF-8, but then only of its
    two-byte letters (Latin, Greek ...), where Chinese in UTF-8 takes three bytes.
    """
    try:
        text = cell.decode()
    except UnicodeDecodeError:
        return cell.decode("gb18030")
    return text if text.isascii() or max(text) >= "\u0800" else cell.decode("gb18030")


@contextmanager
def _reading(where: str) -> Iterator[None]:
    """Turn SQLite's errors into ours: busy is worth another try, damaged is not."""
    try:
        yield
    except (sqlite3.OperationalError, duckdb.Error, pa.ArrowException, OSError) as error:
        raise SourceUnreachable(
            f"数据库暂时读不了（{redacted(error)}）", where=where, cure="等对方写完后重试，或检查读取权限"
        ) from None
    except sqlite3.DatabaseError as error:
        raise SourceRejected(
            f"不是完整的 SQLite 数据库（{redacted(error)}）", where=where, cure="请重新导出这个数据库文件"
        ) from None
