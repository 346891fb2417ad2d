"""沿用 (takeover): tables that a version takes over from the one before, of which only touched rows are written anew.

To compress the ids of all records again, most of them as they were, takes nearly as long as a day's matching. So the
tables as they were left are kept in a database of their own; a version begins as a copy of that file, and in both the
rows that a change touches are replaced. A cache as `kept` is, which says of each table which state of it fits.
"""

import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb

from jiceng_pipeline.core import files
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import connect, has_table

_FILE = "tables.duckdb"


def begin(settings: Settings, database: Path) -> None:
    """Start `database` as a copy of the tables that were left; there is none where nothing was, or it cannot be read.

    Whoever makes a table asks whether its state fits, so what is out of date there does no harm.
    """
    left = _path(settings)
    if not left.exists():
        return
    with files.storage(database):
        shutil.copyfile(left, database)
    try:
        with connect(database, settings=settings) as connection:
            connection.execute("select 1 from duckdb_tables()")
    except duckdb.Error:
        for path in (database, left):
            path.unlink(missing_ok=True)


def clear(connection: duckdb.DuckDBPyConnection) -> None:
    """Let no table be taken over by what comes next: `kept` begins anew."""
    connection.execute("create or replace table kept.taken (name varchar, state varchar)")


def renew(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    name: str,
    gone: str,
    rows: str,
    make: Callable[[], None],
) -> None:
    """Bring the table `name` up to date: where it is as `kept` says, by the `rows` of what changed, else by `make`.

    `rows` is a select; whatever the table has of the same record_id gives way to them, and what it has of the records
    in the select `gone` of rid goes.
    """
    state = dict(connection.execute("select name, state from kept.taken").fetchall()).get(name)
    connection.execute(f"create or replace temp table renewed as {rows}")
    connection.execute(
        f"""create or replace temp table left_over as
        select format('{{:016x}}', rid) as head from ({gone})"""
    )
    if state and _state(connection, name) == state:
        _replace(connection, name)
    else:
        make()
    after = secrets.token_hex(16)
    _leave(connection, settings, name, state, after)
    connection.execute(
        f"""comment on table {name} is null;
        delete from kept.taken where name = {literal(name)};
        insert into kept.taken values ({literal(name)}, {literal(after)});
        drop table renewed; drop table left_over"""
    )


def _leave(connection: duckdb.DuckDBPyConnection, settings: Settings, name: str, state: str | None, after: str) -> None:
    """Bring the table that is left for the next version up to date in the same way."""
    path = _path(settings)
    try:
        _attach(connection, path)
        there = f"taken.{name}"
        if state and _state(connection, name, "taken") == state:
            _replace(connection, there)
        else:
            # by one thread: what several write ends in gaps, and the next day all is written once more to close them
            (threads,) = connection.execute("select current_setting('threads')").fetchall()[0]
            connection.execute(
                f"""set threads = 1;
                create schema if not exists {there.rpartition(".")[0]};
                create or replace table {there} as from {name};
                set threads = {threads}"""
            )
        connection.execute(f"comment on table {there} is {literal(after)}")
    finally:
        connection.execute("detach database if exists taken")


def _replace(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    connection.execute(f"delete from {table} where record_id in (select record_id from renewed)")
    if connection.execute("select 1 from left_over limit 1").fetchall():
        connection.execute(f"delete from {table} where left(record_id, 16) in (from left_over)")
    connection.execute(f"insert into {table} from renewed")


def _state(connection: duckdb.DuckDBPyConnection, name: str, database: str | None = None) -> str | None:
    """Return what is noted of a table in that database, None where there is no such table or nothing is noted."""
    if not has_table(connection, name, database):
        return None
    schema, _, table = name.partition(".")
    where = literal(database) if database else "current_database()"
    found: str | None = connection.execute(
        f"""select comment from duckdb_tables() where database_name = {where}
        and schema_name = {literal(schema)} and table_name = {literal(table)}"""
    ).fetchall()[0][0]
    return found


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    with files.storage(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(duckdb.Error):
        connection.execute(f"attach {literal(str(path))} as taken")
        return
    for each in (path, path.with_name(f"{path.name}.wal")):
        each.unlink(missing_ok=True)
    connection.execute(f"attach {literal(str(path))} as taken")


def _path(settings: Settings) -> Path:
    return Path(settings.cache / "matching" / _FILE)
