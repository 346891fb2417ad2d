"""Rescoring: `kept.weighed` and `kept.near` are brought up to date with the records as they are now.

What a full run does and what a day's change does are one: where nothing is kept, everything has changed.
"""

from collections.abc import Callable

import duckdb

from jiceng_pipeline.matching import blocking, features, scoring, touched, weights
from jiceng_pipeline.matching.model import Matching

_CHUNK = 2_000_000  # records compared at once: memory grows with it, time hardly falls


def renew(
    connection: duckdb.DuckDBPyConnection, matching: Matching, learned: Callable[[], weights.Weights], *, probes: bool
) -> None:
    """Weigh what a change touches, of the records of `todo` against the entities of `placed_row`.

    `probes`: those of training are weighed beside them; what they teach is then `learned`, and asked for after that.
    Afterwards the tables of `kept` say of these what they would say had nothing been kept. Leaves temp table
    `rescored(records, changed, to_place, weighed_anew, weighed_beside, why)`: of how many that was, and why of all.
    """
    touched.create(connection, matching)
    # a record that changed, or is gone, leaves nothing
    connection.execute(
        """create or replace temp table stale as
        from anew union select rid from changed where mark_before is not null and tid_before is null"""
    )
    for table in ("left_key", "kin", "weighed"):
        connection.execute(f"delete from kept.{table} where rid in (from stale)")
    connection.execute("delete from kept.weighed where tid in (from moved)")
    connection.execute(
        f"""create or replace temp table rescored as
        select (select count(*) from {matching.records}) as records,
            (select count(*) from {"changed" if features.is_looked_up(connection) else matching.records}) as changed,
            (select count(*) from todo) as to_place,
            (select count(*) from anew) as weighed_anew, (select count(*) from beside) as weighed_beside,
            (select max(why) from forgotten) as why;
        drop table changed"""
    )
    asked = "select (select count(*) from anew), (select count(*) from beside), (select count(*) from loose_row)"
    anew, beside, loose = connection.execute(asked).fetchall()[0]
    parts = 1 + anew // _CHUNK
    for part in range(parts):
        rows = "loose_row"  # to copy them takes long
        if parts > 1 or anew + beside < loose:
            connection.execute(
                f"""create or replace temp table touched_row as
                from unplaced semi join (from anew union all from beside) using (rid) where rid % {parts} = {part}"""
            )
            rows = "touched_row"
        more = "union all from probe_row" if probes and part == 0 else ""
        connection.execute(f"create or replace temp view left_row as from {rows} {more}")
        _weigh(connection, matching, learned, probes=probes and part == 0)
    _renew_near(connection, matching)
    connection.execute("create or replace table kept.settled as from settled")


def nearest(matching: Matching, weighed: str) -> str:
    """Return a select of (rid, tid, weight, second, second_weight, pattern): the two best entities of each record."""
    return f"""with placed as (
            select *, row_number() over best as nth, lead(tid) over best as second,
                lead(weight) over best as second_weight
            from {weighed} window best as (partition by rid order by weight desc, tid)
        )
        select rid, tid, weight, second, second_weight, concat_ws('.', {", ".join(matching.comparisons)}) as pattern
        from placed where nth = 1"""


def ahead(matching: Matching, near: str) -> str:
    """Return a select of (rid, tid, weight, pattern): of what is `near`, what is heavy enough and clearly ahead."""
    return f"""select rid, tid, weight, pattern from {near}
        where weight >= {round(matching.link * 100)}
            and weight - coalesce(second_weight, -1000000) >= {round(matching.margin * 100)}"""


def _weigh(
    connection: duckdb.DuckDBPyConnection, matching: Matching, learned: Callable[[], weights.Weights], *, probes: bool
) -> None:
    """Bring `kept` up to date for the records of `left_row`; of those of `beside`, only what is new is weighed."""
    scoring.left_values(connection, matching, probes=probes)
    blocking.create_pair(connection, matching, probes=probes)
    own = "anti join probe using (rid)" if probes else ""
    if any(each.through_kin for each in matching.values.values()):
        connection.execute("insert into kept.kin select rid, tid from kin semi join anew using (rid)")
    connection.execute(
        f"""delete from kept.crowded where key in (select key from left_key);
        insert into kept.crowded from crowded;
        delete from kept.left_key where rid in (from beside semi join left_row using (rid));
        insert into kept.left_key select rid, key from left_key {own};
        drop table left_key;
        create or replace temp table had as
        select rid, tid from kept.weighed semi join (from beside semi join left_row using (rid)) using (rid);
        delete from kept.weighed where (rid, tid) in (from had anti join pair using (rid, tid));
        create or replace temp table pair as from pair anti join had using (rid, tid)"""
    )
    scoring.compare_pairs(connection, matching)
    connection.execute(
        f"""insert into kept.weighed
        select rid, tid, {", ".join(matching.comparisons)}, {weights.expression(learned())} from compared {own}"""
    )


def _renew_near(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Bring `kept.near` up to date for what was weighed, and for what may be joined that might not, or the reverse."""
    connection.execute(
        """create or replace temp table doubtful as
        from stale union from beside
        union select rid from (from excluded except from kept.excluded)
        union select rid from (from kept.excluded except from excluded);
        delete from kept.near where rid in (from doubtful);
        delete from kept.excluded;
        insert into kept.excluded from excluded"""
    )
    allowed = "(from kept.weighed semi join doubtful using (rid) anti join excluded using (rid, tid))"
    connection.execute(
        f"""create or replace temp table nearest as {nearest(matching, allowed)};
        insert into kept.near from nearest;
        delete from kept.ahead where rid in (from doubtful);
        insert into kept.ahead {ahead(matching, "nearest")};
        drop table nearest"""
    )
