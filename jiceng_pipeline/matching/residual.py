"""The residual: records without a usable identifier join the entity they agree with best, or are pooled."""

import duckdb

from jiceng_pipeline.matching import pool, scoring, weights
from jiceng_pipeline.matching.model import Matching

_ROUNDS = 2  # what joined in the first tells of new telephones and addresses in the second
_CHUNK = 2_000_000  # records compared at once: memory grows with it, time hardly falls


def resolve(connection: duckdb.DuckDBPyConnection, matching: Matching, learned: weights.Weights) -> None:
    """Create temp tables `cluster(rid, tid, method, weight, pattern)`, a row a record, and `near`.

    `near(rid, tid, weight, second, second_weight)` is the best and the second best entity of every record
    that was scored. Needs `features.create`, `statistics.apply` and `decisions.create_pairs`.
    """
    _anchored(connection)
    scoring.create_targets(connection, matching)
    connection.execute(
        """create or replace temp table near (
        rid ubigint, tid ubigint, weight integer, second ubigint, second_weight integer, pattern varchar)"""
    )
    for _ in range(_ROUNDS):
        connection.execute("create or replace temp table todo as select rid from record anti join cluster using (rid)")
        create_candidate(connection, matching, learned)
        connection.execute("delete from near where rid in (select rid from candidate)")
        connection.execute("insert into near from candidate")
        _join(connection, matching)
    pool.resolve(connection, matching, learned)
    _part(connection)


def _anchored(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `member(rid, tid)`: anchored records, and those a person put with them; fill `cluster` from it.

    An entity is named by the smallest record of its identifier; what people said is the same, by the
    smallest name among theirs.
    """
    connection.execute(
        """create or replace temp table member as
        with first as (select identifier, min(rid) as tid from record where identifier is not null group by identifier),
        own as (select r.rid, f.tid from record as r join first as f using (identifier)),
        led as (select g.label, min(o.tid) as tid from same_group as g join own as o using (rid) group by g.label),
        moved as (
            select distinct o.tid, l.tid as now
            from own as o join same_group as g using (rid) join led as l using (label)
        )
        select o.rid, coalesce(m.now, o.tid) as tid from own as o left join moved as m using (tid)
        union
        select g.rid, coalesce(m.now, l.tid)
        from same_group as g join led as l using (label) left join moved as m on m.tid = l.tid"""
    )
    connection.execute(
        """create or replace temp table cluster as
        select m.rid, m.tid, case when r.identifier is null then 'decision' else 'identifier' end as method,
            cast(null as integer) as weight, cast(null as varchar) as pattern
        from member as m join record as r using (rid)"""
    )


def create_candidate(connection: duckdb.DuckDBPyConnection, matching: Matching, learned: weights.Weights) -> None:
    """Create temp table `candidate(rid, tid, weight, second, second_weight, pattern)` for the records in `todo`."""
    connection.execute("create or replace temp table candidate as from near limit 0")
    todo = connection.execute("select count(*) from todo").fetchall()[0][0]
    parts = 1 + todo // _CHUNK
    for part in range(parts):
        connection.execute(
            f"create or replace temp table left_record as select rid from todo where rid % {parts} = {part}"
        )
        scoring.create_compared(connection, matching)
        exclude(connection)
        connection.execute(
            f"""insert into candidate
            with weighed as (
                select c.*, {weights.expression(learned)} as weight
                from compared as c anti join excluded using (rid, tid)
            ), placed as (
                select *, row_number() over best as nth, lead(tid) over best as second,
                    lead(weight) over best as second_weight
                from weighed window best as (partition by rid order by weight desc, tid)
            )
            select rid, tid, weight, second, second_weight, concat_ws('.', {", ".join(matching.comparisons)})
            from placed where nth = 1"""
        )


def exclude(connection: duckdb.DuckDBPyConnection) -> None:
    """Create temp table `excluded(rid, tid)`: pairs that are never one.

    The entity whose number a record borrows (that is what borrowed means), and whatever holds a record
    that a person told apart from it.
    """
    connection.execute(
        """create or replace temp table excluded as
        select r.rid, m.tid from record as r
        join record as o on o.identifier = r.borrowed join member as m on m.rid = o.rid
        union
        select d.rid, m.tid from decided_different as d join member as m on m.rid = d.other"""
    )


def _join(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Put into `cluster` and `member` what is heavy enough and clearly ahead; records said to be one go together."""
    connection.execute(
        f"""create or replace temp table joined as
        with clear as (
            select rid, tid, weight, pattern from candidate
            where weight >= {round(matching.link * 100)}
                and weight - coalesce(second_weight, -1000000) >= {round(matching.margin * 100)}
        ), led as (
            select g.label, arg_min(c.tid, row(-c.weight, c.rid)) as tid
            from clear as c join same_group as g using (rid) group by g.label
        )
        select rid, tid, 'residual' as method, weight, pattern
        from clear where rid not in (select rid from same_group)
        union all
        select g.rid, l.tid, 'decision', null, null from same_group as g join led as l using (label)"""
    )
    connection.execute("insert into cluster from joined")
    connection.execute("insert into member select rid, tid from joined")
    scoring.extend_targets(connection, matching, "joined")


def _part(connection: duckdb.DuckDBPyConnection) -> None:
    """Let records leave a cluster where a person told two of it apart: the one that fits less stands alone."""
    connection.execute(
        """create or replace temp table leaver as
        select distinct a.rid
        from decided_different as d join cluster as a on a.rid = d.rid join cluster as b on b.rid = d.other
        where a.tid = b.tid and row(a.method = 'identifier', coalesce(a.weight, 0), -cast(a.rid as hugeint))
            < row(b.method = 'identifier', coalesce(b.weight, 0), -cast(b.rid as hugeint))"""
    )
    connection.execute(
        """create or replace temp table cluster as
        select c.rid, case when l.rid is null then c.tid else c.rid end as tid, l.rid is not null as is_alone,
            case when l.rid is null then c.method else 'decision' end as method, c.weight, c.pattern
        from cluster as c left join leaver as l using (rid)"""
    )
