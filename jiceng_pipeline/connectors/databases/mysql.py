"""MySQL and MariaDB: one table or view, read in one snapshot, every value as the server itself writes it."""

import re
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.connectors import base, columns
from jiceng_pipeline.connectors.base import Extract, Source
from jiceng_pipeline.connectors.databases import moment, nul
from jiceng_pipeline.connectors.databases.table import Table
from jiceng_pipeline.core.errors import SourceRejected, SourceUnreachable
from jiceng_pipeline.warehouse.connection import connect, quoted

SCHEMES = ("mysql", "mariadb")
_TEXT = "char character set utf8mb4"  # the server turns its GBK or Latin columns into this
_PARAMETERS = ("socket", "ssl_mode", "ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher")
_CHARACTERS = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext"}  # text as they are
_DATES = {"date", "datetime", "timestamp"}
_SAID = r'Failed to [^"]*"(?:[^"]*)": ([^\n]*)'
_BYTES = re.compile("binary|blob|geometry|point|linestring|polygon")
# Values come as text through `mysql_query`; these are for the case that a type of the server's slips past it.
_SESSION = (
    "set mysql_session_time_zone = '+08:00'",
    "set mysql_query_timeout_max_ms = 1800000",
    "set mysql_tinyint1_as_boolean = false",
    "set mysql_bit1_as_boolean = false",
)
_COLUMNS = f"""
select cast(column_name as {_TEXT}), cast(data_type as {_TEXT})
from information_schema.columns
where table_schema = {{schema}} and table_name = {{table}}
order by ordinal_position"""


def read(source: Source, options: Table) -> Extract:
    """Return the table's rows; `_row` counts them in the order the server gives them.

    A zero date comes as the text it is (0000-00-00), for standardising to judge; bytes come as hex digits.
    """
    extract = Extract()
    try:
        url = urlsplit(source.at("url"))
    except ValueError:
        raise SourceUnreachable("url 不是有效的地址", where=source.system, cure=moment.ESCAPES) from None
    extract.batches = _batches(url, source, options, extract)
    return extract


def _batches(url: SplitResult, source: Source, options: Table, extract: Extract) -> Iterator[pa.RecordBatch]:
    schema = options.schema_name or unquote(url.path.strip("/"))
    if not schema:
        raise SourceUnreachable(
            "url 里没有库名",
            where=source.system,
            cure=f"在 connections.yaml 里写成 mysql://用户@主机/库名；{moment.ESCAPES}",
        )
    where = f"{schema}.{options.table}"
    with connect(extensions=["mysql_scanner"]) as connection:
        _attach(connection, url, schema, source)
        with moment.reading(where, _SAID), moment.one_moment(connection):
            types = _columns(connection, schema, options.table)
            names = columns.matched(types, source, where)
            extract.notes |= columns.renamed(names)
            table = f"{_name(schema)}.{_name(options.table)}"
            if since := source.since:
                table += f" where {_name(names[since.column])} >= {_literal(since.value)}"
            counted = _query(connection, f"select cast(count(*) as {_TEXT}) from {table}").fetchall()
            extract.promised_rows = int(counted[0][0])
            cells = ", ".join(
                f"{_cell(name, types[name])} as {_name(f'c{i}')}" for i, name in enumerate(names.values())
            )
            dates = [i for i, name in enumerate(names.values()) if types[name] in _DATES]
            zero_dates = 0
            with closing(moment.numbered(_query(connection, f"select {cells} from {table}"), extract)) as rows:
                for numbers, found in rows:
                    zero_dates += sum(pc.sum(pc.starts_with(found[i], "0000-00-00")).as_py() or 0 for i in dates)
                    yield base.batch(source.columns, where, *nul.without(numbers, found.columns, where, extract))
            if zero_dates:
                extract.notes["zero_dates"] = str(zero_dates)


def _attach(connection: duckdb.DuckDBPyConnection, url: SplitResult, schema: str, source: Source) -> None:
    query = dict(parse_qsl(url.query))
    try:
        port = url.port
    except ValueError:
        port = None
    given = {
        "host": url.hostname or "localhost",
        "port": str(port or ""),
        "user": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "database": schema,
        **{name: query[name] for name in _PARAMETERS if name in query},
    }
    secret = ", ".join(f"{name} '{quoted(value)}'" for name, value in given.items() if value)
    for statement in _SESSION:
        connection.execute(statement)
    try:
        connection.execute(f"create secret login (type mysql, {secret})")
        connection.execute("attach '' as source (type mysql, secret login, read_only)")
    except duckdb.Error as error:
        raise moment.unreachable(
            error, r'with parameters "": ([^\n]*?)(?:\. Attempted host|\n|$)', source.system
        ) from None


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, str]:
    """Return the table's columns and their types as the server lists them."""
    found = _query(connection, _COLUMNS.format(schema=_literal(schema), table=_literal(table))).fetchall()
    if not found:
        raise SourceRejected(
            "没有这张表，或没有读它的权限",
            where=f"{schema}.{table}",
            cure="请恢复原表名或授权（grant select）；表名确需改动的，由管理员改合同里的 table",
        )
    return dict(found)


def _cell(name: str, kind: str) -> str:
    """Return the expression that gives a column as text."""
    if kind in _CHARACTERS:
        return _name(name)
    if kind == "bit":
        return f"cast({_name(name)} + 0 as {_TEXT})"
    if _BYTES.search(kind):
        return f"cast(lower(hex({_name(name)})) as {_TEXT})"
    return f"cast({_name(name)} as {_TEXT})"


def _name(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _literal(text: str) -> str:
    """Return `text` as a literal that no quoting rule of the server's can break."""
    return f"_utf8mb4 x'{text.encode().hex()}'"


def _query(connection: duckdb.DuckDBPyConnection, text: str) -> duckdb.DuckDBPyConnection:
    return connection.execute("select * from mysql_query('source', ?)", [text])
