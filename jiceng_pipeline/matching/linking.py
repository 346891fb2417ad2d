"""Links: every record with its entity, which is called by its founding record."""

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import features, founding, kept, takeover
from jiceng_pipeline.matching.model import Matching

_LOW = 2**64 - 1
_READ = ("rid", "record_id", "place", "is_current", "landed", "tid")


def create(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching, *, is_kept: bool) -> None:
    """Create `matching.<entity>_link` of all that is `prepared`, and keep how the clusters are called.

    Needs `member_row` and, in `other`, who of these has a number of his own. Of `prepared` no more is left than this
    reads: that, the links and what is kept are there at once.
    """
    prepared, unnumbered = _narrowed(connection)
    connection.execute(
        f"""create or replace temp view placed_record as
        select rid, record_id, place, is_current, landed, tid as cluster_number, 'identifier' as method,
            cast(null as integer) as weight, cast(null as varchar) as pattern
        from {prepared} where tid is not null and rid not in (from other)
        union all
        select r.rid, r.record_id, r.place, r.is_current, r.landed, m.cluster_number, m.method, m.weight, m.pattern
        from member_row as m join (
            select rid, record_id, place, is_current, landed from {unnumbered}
            union all
            select rid, record_id, place, is_current, landed from {prepared} where rid in (from other)
        ) as r using (rid);
        create or replace temp table founder as
        select cluster_number, cast(first & {_LOW} as ubigint) as rid
        from (
            select cluster_number, min((cast(landed as uhugeint) << 64) | rid) as first
            from placed_record group by cluster_number);
        create or replace temp table founded as
        select f.cluster_number, {founding.keyed(settings, matching.entity, "r.record_id")} as entity_id
        from founder as f join {prepared} as r using (rid);
        create or replace temp table place_name as
        select system, mark_number(system) as place from (select distinct system from {matching.records})"""
    )
    _make(connection, matching, _WHOLE)
    if is_kept:
        kept.put(connection, "founded", "from founded")
    connection.execute("drop table founder; drop table founded")


_WHOLE = """select p.record_id, s.system, f.entity_id, p.method, p.is_current, p.weight, p.pattern
    from placed_record as p join place_name as s using (place) join founded as f using (cluster_number)"""


def renew(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Do the same where all but a few are as they were: of whom `founding.renew` found that it may say otherwise."""
    connection.execute(
        f"""create or replace temp view kept_row as from kept.entity_row union all from kept.loose_row;
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


def _narrowed(connection: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """Leave of `prepared` and of its rows without a number the columns that links are made of; return their names."""
    tables = []
    for name in ("prepared", "unnumbered"):
        (found,) = connection.execute(
            f"select database_name || '.main.' || table_name from duckdb_tables() where table_name = '{name}'"
        ).fetchall()
        for column, *_ in connection.execute(f"describe {found[0]}").fetchall():
            if column not in _READ:
                connection.execute(f"alter table {found[0]} drop column {column}")
        tables.append(found[0])
    return tables[0], tables[1]


def _make(connection: duckdb.DuckDBPyConnection, matching: Matching, rows: str) -> None:
    connection.execute(f"create or replace table matching.{matching.entity}_link as {rows}")


def _link(matching: Matching, records: str) -> str:
    # by their records' own order, nearly: a join on the left puts what it finds before what it does not
    return f"""select r.record_id, r.system, f.entity_id, coalesce(m.method, 'identifier') as method, r.is_current,
            m.weight, m.pattern
        from {records} as r left join matching.{matching.entity}_match as m using (record_id)
        join kept.founded as f
            on f.cluster_number = coalesce(m.cluster_number, value_number(r.{matching.identifier}))"""
