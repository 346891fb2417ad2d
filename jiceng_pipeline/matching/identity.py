"""Identity over time: an entity is named by its founding record, so ids stay and undo leaves no trace.

entity_id = first 128 bits of SHA-256 over the instance's secret, the kind of entity and the founding
record: the one with the smallest (first landed, record_id), also when that record is gone by now.
"""

from functools import cache

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import (
    decisions,
    features,
    founding,
    kept,
    lending,
    macros,
    preparation,
    residual,
    training,
    versions,
    weights,
)
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import has_table

# what matching puts by of every record, what of those that are compared, and what of those that were placed
_PREPARED = ("prepared", "unnumbered")
_COMPARED = ("touched_row", "gained_row", "todo_row", "pool_row", "left_key", "probe_row", "rest_row", "compared")
_PLACED = ("looked_up", "other_row", "near_again", "cluster")
# an entity is called by the number of its identifier or of one of its records: what stands alone is neither
_CLUSTER = "case when c.is_alone then hash(c.tid, 'alone') else c.tid end"


def keyed(settings: Settings, kind: str, text: str) -> str:
    """Return SQL for the keyed hash of the SQL expression `text`, 32 hex digits."""
    return f"left(sha256({literal(settings.secret + '|' + kind + '|')} || {text}), 32)"


def create_borrowed(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Create `matching.<entity>_borrowed`, the records under a number that is another's."""
    macros.create(connection)
    with kept.seen(connection, settings, matching) as is_kept:
        lent = lending.select(connection, matching, is_kept=is_kept)
        connection.execute(f"create or replace table matching.{matching.entity}_borrowed as {lent}")


def create_match(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Create `matching.<entity>_match`, a row for each record that its own identifier does not place: where it went.

    By the model version in force; where there is none, one is trained and pinned first. Of
    `settings.kept_records` or more what was found is kept for the next sync, which then prepares and weighs only what
    has changed.

    Columns: record_id, cluster_number, method, weight (hundredths of a bit) and pattern (level of every
    comparison) of what decided it; near_record_id, near_weight, second_record_id, second_weight: the two best
    entities, by their smallest record.
    """
    # every tie is broken by a total order, so nothing depends on the order of rows in between
    connection.execute("set preserve_insertion_order = false")
    version = versions.in_force(settings, matching)

    @cache
    def learned() -> weights.Weights:
        return (version or training.trained(connection, settings, matching, "首次同步")).weights

    with kept.opened(connection, settings, matching, version) as is_kept:
        is_whole = preparation.prepare(connection, settings, matching, version)
        decisions.create_pairs(connection, matching.entity)
        residual.resolve(connection, matching, learned, probes=version is None, is_kept=is_kept)
        _drop(connection, *_COMPARED)
        _create_match(connection, matching)
        _drop(connection, *_PLACED)  # before the rows are kept, so that these and those are never there at once
        if is_kept and is_whole:
            preparation.keep(connection)
        if is_kept:
            lending.keep(connection, matching)
            founding.renew(connection, matching, _entity_id(settings, matching), is_whole=is_whole)
    _drop(connection, *_PREPARED)  # the connection stays open for what is made next


def _drop(connection: duckdb.DuckDBPyConnection, *tables: str) -> None:
    for table in tables:
        connection.execute(f"drop table if exists {table}")


def _create_match(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    _create_smallest(connection, matching)
    connection.execute(
        f"""create or replace temp table member as
        select rid, {_CLUSTER} as cluster_number, method, weight, pattern from cluster as c;
        create or replace table matching.{matching.entity}_match as
        select r.record_id, c.cluster_number, c.method, c.weight, c.pattern,
            one.record_id as near_record_id, n.weight as near_weight,
            two.record_id as second_record_id, n.second_weight
        from member as c join named as r using (rid)
        left join near as n on n.rid = c.rid
        left join smallest as one on one.tid = n.tid
        left join smallest as two on two.tid = n.second
        order by r.record_id"""
    )
    connection.execute("set preserve_insertion_order = true")


def _create_smallest(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create temp table `smallest(tid, record_id)`: of each entity that is near to a record, the smallest record.

    Which it was before records without a number joined is kept, but for the entities that have moved.
    """
    connection.execute(
        """delete from kept.smallest where tid in (from moved);
        create or replace temp table late as
        select rid, tid from joined_row where rid not in (select rid from settled);
        create or replace temp table new as
        select distinct tid from (select tid from near union all select second from near)
        anti join kept.smallest using (tid) where tid is not null;
        create or replace temp table fresh as
        select tid, min(rid) as rid
        from placed_row semi join new using (tid) anti join late using (rid)
        group by tid"""
    )
    # nearly all that were placed have no identifier
    connection.execute("create or replace temp table other as select rid from cluster anti join loose_id using (rid)")
    features.look_up(connection, matching, "(from other union all select rid from fresh)")
    connection.execute(
        """create or replace temp view named as
        from loose_id union all select rid, record_id from wording where rid in (from other);
        insert into kept.smallest select f.tid, f.rid, w.record_id from fresh as f join wording as w using (rid);
        create or replace temp table latest as
        select l.tid, n.record_id
        from (select tid, min(rid) as rid from late group by tid) as l
        left join kept.smallest as s using (tid) join named as n on n.rid = l.rid
        where s.rid is null or l.rid < s.rid;
        create or replace temp table smallest as
        from latest union all select tid, record_id from kept.smallest anti join latest using (tid)"""
    )


def create_link(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Create `matching.<entity>_link(record_id, system, entity_id, method, is_current, weight, pattern)`.

    One row a record.
    """
    macros.create(connection)
    # by their records' own order, nearly: a join on the left puts what it finds before what it does not
    clustered = f"{matching.records} as r left join matching.{matching.entity}_match as m using (record_id)"
    number = f"coalesce(m.cluster_number, value_number(r.{matching.identifier}))"
    with kept.seen(connection, settings, matching) as is_kept:
        is_kept = is_kept and founding.is_kept(connection, matching)
        is_founded = is_kept and has_table(connection, "main.founded", "kept")
        if not is_founded:
            connection.execute(
                f"""create or replace temp table founded as
                select {number} as cluster_number, {_entity_id(settings, matching)} as entity_id
                from {clustered} group by all"""
            )
        connection.execute(
            f"""create or replace table matching.{matching.entity}_link as
            select r.record_id, r.system, f.entity_id, coalesce(m.method, 'identifier') as method, r.is_current,
                m.weight, m.pattern
            from {clustered} join {"kept.founded" if is_founded else "founded"} as f on f.cluster_number = {number}"""
        )
        if is_kept and not is_founded:
            founding.keep(connection)
    connection.execute("drop table if exists founded")


def _entity_id(settings: Settings, matching: Matching) -> str:
    return keyed(settings, matching.entity, founding.RECORD)
