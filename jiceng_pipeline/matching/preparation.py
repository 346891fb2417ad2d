"""What is compared, made of all records, or, of a day, of those only that are not as they were."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import altered, features, kept, macros, statistics, stop_list, touched, training, versions
from jiceng_pipeline.matching.model import Matching

_WHOLE = "whole"  # a database in memory, for what all connections of a build are to see


def prepare(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    matching: Matching,
    version: versions.Version | None,
    *,
    is_kept: bool,
) -> bool:
    """Create `altered`, the views of `features.create` over all records, `loose_row`, and what a version says of them.

    `loose_row` has the rows of `prepared` that no identifier places, `loose_id` their record_id. Return whether
    `prepared` itself has all; else it has those that altered, and `kept` is up to date; `altered_before(rid, tid,
    mark)` is what those were called by, and what was said of them, as `touched.mark` does. Needs `kept.opened`. Where
    there is no version yet, what it would say is learned, and probes are chosen.
    """
    macros.create(connection)
    if altered.find(connection, matching) and version:
        _prepare_altered(connection, settings, matching, version)
        return False
    table, temp = "prepared", "temp "
    if is_kept:  # where a second connection sees it, too
        table, temp = f"{_WHOLE}.prepared", ""
        connection.execute(f"attach if not exists ':memory:' as {_WHOLE}")  # one that failed may have left it
    features.create(connection, matching, into=table)
    if version is None:
        training.prepare(connection, settings, matching, table)
    else:
        versions.load(connection, settings, matching, version, named="tid is null")  # who is to be placed
        statistics.apply(connection, matching, table)
    # few, and asked for again and again
    unnumbered = table.replace("prepared", "unnumbered")
    connection.execute(
        f"""create or replace {temp}table {unnumbered} as from prepared where tid is null;
        create or replace temp view loose_row as from {unnumbered};
        create or replace temp view loose_id as select rid, record_id from {unnumbered}"""
    )
    return True


@contextmanager
def kept_beside(connection: duckdb.DuckDBPyConnection, matching: Matching) -> Iterator[None]:
    """Keep what is prepared of each record, by a thread of its own while records are weighed and placed."""
    columns = features.columns(matching)

    def put(cursor: duckdb.DuckDBPyConnection) -> None:
        kept.put(cursor, "loose_id", f"select rid, record_id from {_WHOLE}.unnumbered")
        kept.put(cursor, "loose_row", f"select {columns} from {_WHOLE}.unnumbered")
        kept.put(cursor, "entity_row", f"select {columns} from {_WHOLE}.prepared where tid is not null")

    with ThreadPoolExecutor(1, "kept") as thread, closing(connection.cursor()) as cursor:
        written = thread.submit(put, cursor)
        try:
            yield
        except BaseException:
            cursor.interrupt()
            raise
        finally:
            wait([written])
        written.result()


def keep(connection: duckdb.DuckDBPyConnection) -> None:
    """Move all else that is prepared into `kept`."""
    for table in ("stopped", "stopped_holding", "name_count"):
        connection.execute(f"create or replace table kept.{table} as from {table}")
    connection.execute(f"drop view prepared; detach {_WHOLE}")


def _prepare_altered(
    connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching, version: versions.Version
) -> None:
    _create_prepared(connection, matching)
    if stop_list.renew(connection, settings, _few(matching), version):
        _create_prepared(connection, matching)
    connection.execute("create or replace temp table stopped as from kept.stopped")
    statistics.apply(connection, matching)
    versions.load_places(connection, version)
    versions.load_names(connection, settings, _few(matching), version, named="tid is null")
    connection.execute(
        f"""create or replace temp table altered_before as
        select rid, tid, {touched.mark(matching)} as mark
        from (from kept.entity_row union all from kept.loose_row) where rid in (from altered)"""
    )
    for table in ("entity_row", "loose_row", "loose_id", "stopped_holding"):
        connection.execute(f"delete from kept.{table} where rid in (from altered)")
    connection.execute(
        """insert into kept.entity_row from entity_row;
        insert into kept.loose_row from fact where tid is null;
        insert into kept.loose_id select rid, record_id from prepared where tid is null;
        insert into kept.stopped_holding from stopped_holding;
        insert into kept.name_count from name_count anti join kept.name_count using (name);
        create or replace temp table name_count as from kept.name_count"""
    )
    features.see_kept(connection, matching)


def _create_prepared(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    read = features.said(connection, matching, features.read(matching) | {"content_mark"})
    connection.execute(
        """create or replace temp table unpicked as
        from altered where rid not in (
            select record_number(record_id) from picked_record
            union all select rid from differing where place is null)"""
    )
    if connection.execute("select 1 from unpicked limit 1").fetchall():
        connection.execute(
            f"""insert into picked_record by name select rowid as place, {read} from {matching.records}
            where rowid in ({features.places(matching, "from unpicked")})"""
        )
    connection.execute(
        f"""create or replace temp view altered_record as
        select {read} from picked_record where record_number(record_id) in (from altered)"""
    )
    features.create(connection, _few(matching))


def _few(matching: Matching) -> Matching:
    return matching.model_copy(update={"records": "altered_record"})
