"""A database as it is at one moment: read in one transaction, and what breaks meanwhile told as ours."""

import re
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress

import duckdb
import numpy as np
import pyarrow as pa

from jiceng_pipeline.connectors.ahead import ahead
from jiceng_pipeline.connectors.base import BATCH_ROWS, Extract
from jiceng_pipeline.core.errors import SourceUnreachable
from jiceng_pipeline.core.redaction import redacted

ESCAPES = "密码里的 @ # / % : 和空格要写成 %40 %23 %2F %25 %3A %20"
_FIRST_LINE = r"([^\n]*)"


@contextmanager
def one_moment(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let everything inside see the database as it is at the first query (repeatable read).

    The transaction is ended by hand: closing a connection whose server is gone aborts the process.
    """
    connection.execute("begin")
    try:
        yield
    finally:
        with suppress(duckdb.Error):
            connection.execute("rollback")


@contextmanager
def reading(where: str, said_by_server: str) -> Iterator[None]:
    """Turn what breaks while rows are read into SourceUnreachable: a later try may get through.

    `said_by_server` is the pattern whose first group is the server's own words in DuckDB's message.
    """
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        said = re.search(said_by_server, str(error)) or re.search(_FIRST_LINE, str(error))
        raise SourceUnreachable(
            f"数据库读取中断（{redacted(said[1] if said else '')}）",
            where=where,
            cure="稍后重试；若再次出现，请数据库管理员按括号中的原因处理",
        ) from None


def unreachable(error: duckdb.Error, said_by_server: str, system: str) -> SourceUnreachable:
    """Return what to raise where a database cannot be attached, with the server's own words alone.

    `said_by_server` is as of `reading`: the rest of the message may hold the whole address, password included.
    """
    said = re.search(said_by_server, str(error))
    # of "Can't reach 'host'" the quotes have to pair to be seen, and a badly written password may be taken for the host
    words = redacted(said[1].replace("'t ", "not ")) if said else type(error).__name__
    return SourceUnreachable(
        f"数据库连不上或登录失败（{words}）",
        where=system,
        cure="检查数据库是否在运行，以及 connections.yaml 里的地址、用户和密码；" + ESCAPES,
    )


def numbered(
    found: duckdb.DuckDBPyConnection, extract: Extract
) -> Generator[tuple[pa.Array, pa.RecordBatch], None, None]:
    """Yield a query's rows as they come, with their numbers from 1; the next ones are fetched meanwhile."""
    count = 0
    with closing(ahead(_batches(found), by=2)) as batches:
        for batch in batches:
            numbers = pa.array(np.arange(count + 1, count + batch.num_rows + 1))
            count += batch.num_rows
            extract.source_bytes += batch.nbytes
            yield numbers, batch


def _batches(found: duckdb.DuckDBPyConnection) -> Generator[pa.RecordBatch, None, None]:
    yield from found.to_arrow_reader(BATCH_ROWS)
