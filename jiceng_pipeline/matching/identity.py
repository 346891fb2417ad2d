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
    second_record_id, second_weight: the two best entities, by their founding record.

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
            _create_member(connection, matching)
            if is_whole:
                founding.create(connection, settings, matching)
            else:
                founding.renew(connection, settings, matching)
            if is_whole:
                _create_match(connection, matching)
            else:
                _renew_match(connection, settings, matching)
        if is_whole:
            linking.create(connection, matching)
        else:
            linking.renew(connection, settings, matching)
        if is_kept:
            founding.keep(connection, is_whole=is_whole)
            lending.keep(connection, matching)
            if is_whole:
                preparation.keep(connection)
        _drop(connection, *_PLACED)
    connection.execute("set preserve_insertion_order = true")
    _drop(connection, *_PREPARED)  # the connection stays open for what is made next


def _drop(connection: duckdb.DuckDBPyConnection, *tables: str) -> None:
    for table in tables:
        connection.execute(f"drop table if exists {table}")


def _create_member(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create view `member_row`: where each went whom its number does not place, why, and what entities are near.

    And temp table `member(rid, cluster_number, near, second, said)` of it, `said` sums it up; `other(rid)`, who of
    these has a number of his own; and view `named(rid, record_id)` of all of them.
    """
    connection.execute(
        f"""create or replace temp view member_row as
        select c.rid, {_CLUSTER} as cluster_number, c.method, c.weight, c.pattern,
            n.tid as near, n.weight as near_weight, n.second, n.second_weight
        from clustered as c left join near as n on n.rid = c.rid;
        create or replace temp table member as
        select rid, cluster_number, near, second,
            hash(cluster_number, method, weight, pattern, near, near_weight, second, second_weight) as said
        from member_row;
        create or replace temp table other as select rid from member anti join loose_id using (rid)"""
    )
    features.look_up(connection, matching, "other")
    connection.execute(
        """create or replace temp view named as
        from loose_id union all select rid, record_id from wording where rid in (from other)"""
    )


def _match(members: str) -> str:
    """Return the select of `matching.<entity>_match` of these rows of `member_row`: entities by founding record."""
    return f"""select r.record_id, m.cluster_number, m.method, m.weight, m.pattern,
            one.record_id as near_record_id, m.near_weight, two.record_id as second_record_id, m.second_weight
        from {members} as m join named as r using (rid) left join founded as one on one.cluster_number = m.near
        left join founded as two on two.cluster_number = m.second"""


def _create_match(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    table = f"matching.{matching.entity}_match"
    connection.execute(f"create or replace table {table} as {_match('member_row')} order by rid")


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
