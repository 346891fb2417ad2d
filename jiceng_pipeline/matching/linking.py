"""Links: every record with its entity, which is called by its founding record."""

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import features, takeover
from jiceng_pipeline.matching.model import Matching

_READ = ("rid", "record_id", "place", "is_current", "landed", "tid")


def create(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `matching.<entity>_link` of all that is `prepared`, by `founded` and `placed_record`.

    Of `prepared` no more is left than this reads: that, the links and what is kept are there at once.
    """
    _narrow(connection)
    connection.execute(
        f"""create or replace temp table place_name as
        select system, mark_number(system) as place from (select distinct system from {matching.records})"""
    )
    _make(
        connection,
        matching,
        """select p.record_id, s.system, f.entity_id, p.method, p.is_current, p.weight, p.pattern
        from placed_record as p join place_name as s using (place) join founded as f using (cluster_number)""",
    )


def renew(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Do the same where all but a few are as they were: whom `altered`, `rematched` and `refounded` name."""
    connection.execute(
        f"""create or replace temp table relinked as from altered union from rematched union from refounded;
        create or replace temp table relinked_record as
        select record_id, system, is_current, {matching.identifier}
        from {matching.records} where rowid in ({features.places(matching, "from relinked")})"""
    )
    takeover.renew(
        connection,
        settings,
        f"matching.{matching.entity}_link",
        gone="select rid from relinked where rid not in (select record_number(record_id) from relinked_record)",
        rows=_link(matching, "relinked_record"),
        make=lambda: _make(connection, matching, _link(matching, matching.records)),
    )
    connection.execute("drop table relinked_record")


def _narrow(connection: duckdb.DuckDBPyConnection) -> None:
    """Leave of `prepared` and of its rows without a number the columns that links are made of."""
    columns = connection.execute(
        """select database_name || '.main.' || table_name, column_name from duckdb_columns()
        where table_name in ('prepared', 'unnumbered')
            and (database_name, table_name) in (select (database_name, table_name) from duckdb_tables())"""
    ).fetchall()
    for table, column in columns:
        if column not in _READ:
            connection.execute(f"alter table {table} drop column {column}")


def _make(connection: duckdb.DuckDBPyConnection, matching: Matching, rows: str) -> None:
    # links lie as their records do, in every run
    connection.execute(
        f"""set preserve_insertion_order = true;
        create or replace table matching.{matching.entity}_link as {rows};
        set preserve_insertion_order = false"""
    )


def _link(matching: Matching, records: str) -> str:
    # by their records' own order, nearly: a join on the left puts what it finds before what it does not
    return f"""select r.record_id, r.system, f.entity_id, coalesce(m.method, 'identifier') as method, r.is_current,
            m.weight, m.pattern
        from {records} as r left join matching.{matching.entity}_match as m using (record_id)
        join founded as f
            on f.cluster_number = coalesce(m.cluster_number, value_number(r.{matching.identifier}))"""
