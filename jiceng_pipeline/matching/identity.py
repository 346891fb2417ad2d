"""Who is who: which numbers are borrowed, where every record without a usable one belongs, and what each is called."""

from contextlib import nullcontext
from functools import cache

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import (
    decisions,
    features,
    founding,
    kept,
    lending,
    linking,
    macros,
    preparation,
    residual,
    takeover,
    training,
    versions,
    weights,
)
from jiceng_pipeline.matching.model import Matching

# what matching puts by of every record, what of those that are compared, and what of those that were placed
_PREPARED = ("prepared", "unnumbered")
_COMPARED = ("touched_row", "gained_row", "todo_row", "pool_row", "left_key", "probe_row", "rest_row", "compared")
_PLACED = ("looked_up", "other_row", "near_again", "put")
# an entity is called by the number of its identifier or of one of its records: what stands alone is neither
_CLUSTER = "case when c.is_alone then hash(c.tid, 'alone') else c.tid end"


def reconcile(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Create `matching.<entity>_borrowed`, `_match` and `_link`: what of one is known need not be found for another.

    By the model version in force; where there is none, one is trained and pinned first. Of
    `settings.kept_records` or more what was found is kept for the next sync, which then prepares and weighs only what
    has changed.

    `_borrowed(record_id, identifier)`: the records under a number that is another's.

    `_match`: a row for each record that its own identifier does not place: record_id, cluster_number, method, weight
    (hundredths of a bit) and pattern (level of every comparison) of what decided it; near_record_id, near_weight,
    second_record_id, second_weight: the two best entities, by their smallest record.

    `_link(record_id, system, entity_id, method, is_current, weight, pattern)`: one row a record.
    """
    # every tie is broken by a total order, so nothing depends on the order of rows in between
    connection.execute("set preserve_insertion_order = false")
    macros.create(connection)
    version = versions.in_force(settings, matching)

    @cache
    def learned() -> weights.Weights:
        return (version or training.trained(connection, settings, matching, "首次同步")).weights

    with kept.opened(connection, settings, matching, version) as is_kept:
        lent = lending.select(connection, matching)
        connection.execute(f"create or replace table matching.{matching.entity}_borrowed as {lent}")
        is_whole = preparation.prepare(connection, settings, matching, version, is_kept=is_kept)
        with preparation.kept_beside(connection, matching) if is_kept and is_whole else nullcontext():
            decisions.create_pairs(connection, matching.entity)
            residual.resolve(connection, matching, learned, probes=version is None, is_kept=is_kept)
            _drop(connection, *_COMPARED)
            _create_smallest(connection, matching)
            _create_member(connection)
            if is_whole:
                _create_match(connection, matching)
            else:
                _renew_match(connection, settings, matching)
        if is_whole:
            linking.create(connection, settings, matching, is_kept=is_kept)
        else:
            founding.renew(connection, settings, matching)
            linking.renew(connection, settings, matching)
        _drop(connection, *_PLACED)
        if is_kept:
            founding.keep(connection)
            lending.keep(connection, matching)
            if is_whole:
                preparation.keep(connection)
    connection.execute("set preserve_insertion_order = true")
    _drop(connection, *_PREPARED)  # the connection stays open for what is made next


def _drop(connection: duckdb.DuckDBPyConnection, *tables: str) -> None:
    for table in tables:
        connection.execute(f"drop table if exists {table}")


def _create_member(connection: duckdb.DuckDBPyConnection) -> None:
    """Create view `member_row`: where each went whom its number does not place, why, and what entities are near.

    And temp table `member(rid, cluster_number, said)` of it: `said` sums up a row, which to put by takes longer.
    """
    connection.execute(
        f"""create or replace temp view member_row as
        select c.rid, {_CLUSTER} as cluster_number, c.method, c.weight, c.pattern,
            n.tid as near, n.weight as near_weight, n.second, n.second_weight
        from clustered as c left join near as n on n.rid = c.rid;
        create or replace temp table member as
        select m.rid, m.cluster_number,
            hash(m.cluster_number, m.method, m.weight, m.pattern, one.rid, m.near_weight, two.rid, m.second_weight)
                as said
        from member_row as m left join smallest as one on one.tid = m.near
        left join smallest as two on two.tid = m.second"""
    )


def _match(members: str) -> str:
    """Return the select of `matching.<entity>_match` of these rows of `member`."""
    return f"""select r.record_id, m.cluster_number, m.method, m.weight, m.pattern,
            one.record_id as near_record_id, m.near_weight, two.record_id as second_record_id, m.second_weight
        from {members} as m join named as r using (rid)
        left join smallest as one on one.tid = m.near left join smallest as two on two.tid = m.second"""


def _create_match(connection: duckdb.DuckDBPyConnection, matching: Matching, members: str = "member_row") -> None:
    table = f"matching.{matching.entity}_match"
    connection.execute(f"create or replace table {table} as {_match(members)} order by r.record_id")


def _renew_match(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Do the same where all but a few are as they were."""
    founding.create_rematched(connection)
    takeover.renew(
        connection,
        settings,
        f"matching.{matching.entity}_match",
        gone="select rid from rematched anti join member using (rid)",
        rows=_match("(from member_row semi join rematched using (rid))"),
        make=lambda: _create_match(connection, matching),
    )


def _create_smallest(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create view `smallest(tid, rid, record_id)`: of each entity that is near to a record, the smallest record.

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
    connection.execute("create or replace temp table other as select rid from clustered anti join loose_id using (rid)")
    features.look_up(connection, matching, "(from other union all select rid from fresh)")
    connection.execute(
        """create or replace temp view named as
        from loose_id union all select rid, record_id from wording where rid in (from other);
        insert into kept.smallest select f.tid, f.rid, w.record_id from fresh as f join wording as w using (rid);
        create or replace temp table latest as
        select l.tid, l.rid, n.record_id
        from (select tid, min(rid) as rid from late group by tid) as l
        left join kept.smallest as s using (tid) join named as n on n.rid = l.rid
        where s.rid is null or l.rid < s.rid;
        create or replace temp view smallest as
        from latest union all from kept.smallest anti join latest using (tid)"""
    )
