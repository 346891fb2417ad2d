"""PostgreSQL: one table or view, read in one snapshot, every value as PostgreSQL itself writes it."""

from collections.abc import Iterator
from contextlib import closing
from urllib.parse import parse_qsl, quote, urlencode

import duckdb
import pyarrow as pa

from jiceng_pipeline.connectors import base, columns
from jiceng_pipeline.connectors.base import Extract, Source
from jiceng_pipeline.connectors.databases import moment
from jiceng_pipeline.connectors.databases.table import Table
from jiceng_pipeline.core.errors import SourceRejected, SourceUnreachable
from jiceng_pipeline.warehouse.connection import connect, identifier, quoted

SCHEMES = ("postgresql", "postgres")
_USUAL_SCHEMA = "public"
# The session is fixed, so that a value is the same text on every server, rows come in the order they
# lie in, and a locked table or a dead network ends in an error.
_SESSION = {
    "datestyle": "ISO,YMD",
    "timezone": "Asia/Shanghai",
    "lock_timeout": "60s",
    "statement_timeout": "30min",
    "synchronize_seqscans": "off",
}
_SAID = r"ERROR: +([^\n]*)"
_NETWORK = {"connect_timeout": "15", "keepalives_idle": "30", "tcp_user_timeout": "120000"}

_COLUMNS = """
select a.attname::text, has_table_privilege(c.oid, 'select')::text
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
join pg_catalog.pg_attribute as a on a.attrelid = c.oid
where n.nspname = '{schema}' and c.relname = '{table}' and a.attnum > 0 and not a.attisdropped
order by a.attnum"""


def read(source: Source, options: Table) -> Extract:
    """Return the table's rows; `_row` counts them in the order PostgreSQL gives them."""
    extract = Extract()
    extract.batches = _batches(_address(source), source, options, extract)
    return extract


def _batches(url: str, source: Source, options: Table, extract: Extract) -> Iterator[pa.RecordBatch]:
    schema = options.schema_name or _USUAL_SCHEMA
    where = f"{schema}.{options.table}"
    with connect(extensions=["postgres_scanner"]) as connection:
        _attach(connection, url, source)
        with moment.reading(where, _SAID), moment.one_moment(connection):
            names = columns.matched(_columns(connection, schema, options.table), source, where)
            extract.notes |= columns.renamed(names)
            table = f"{identifier(schema)}.{identifier(options.table)}"
            if since := source.since:
                table += f" where {identifier(names[since.column])} >= '{quoted(since.value)}'"
            extract.promised_rows = int(_query(connection, f"select count(*)::text from {table}").fetchall()[0][0])
            cells = ", ".join(f"{identifier(theirs)}::text as {identifier(ours)}" for ours, theirs in names.items())
            with closing(moment.numbered(_query(connection, f"select {cells} from {table}"), extract)) as rows:
                for numbers, found in rows:
                    yield base.batch(source.columns, where, numbers, found.columns)


def _address(source: Source) -> str:
    """Return the database's URL with the session's settings added to what it says itself."""
    base_url, _, query = source.at("url").partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    session = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    given["options"] = f"{session} {given.get('options', '')}".strip()
    return f"{base_url}?{urlencode({**_NETWORK, **given}, quote_via=quote)}"


def _attach(connection: duckdb.DuckDBPyConnection, url: str, source: Source) -> None:
    try:
        connection.execute(f"attach '{quoted(url)}' as source (type postgres, read_only)")
    except duckdb.Error as error:
        raise moment.unreachable(error, r" failed: (.*)", source.system) from None


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[str]:
    """Return the table's columns as the server lists them."""
    text = _COLUMNS.format(schema=quoted(schema), table=quoted(table))
    found = _query(connection, text).fetchall()
    where = f"{schema}.{table}"
    if not found:
        raise SourceRejected("没有这张表", where=where, cure="请恢复原表名；确需改动的，由管理员改合同里的 table")
    if found[0][1] != "true":
        raise SourceUnreachable("没有读这张表的权限", where=where, cure=f"请在数据库里授权：grant select on {where}")
    return [name for name, _ in found]


def _query(connection: duckdb.DuckDBPyConnection, text: str) -> duckdb.DuckDBPyConnection:
    return connection.execute("select * from postgres_query('source', ?)", [text])
