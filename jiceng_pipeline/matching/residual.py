"""The residual: records without a usable identifier join the entity they agree with best, or are pooled."""

from collections.abc import Callable

import duckdb

from jiceng_pipeline.matching import blocking, decisions, features, pool, rescoring, scoring, weights
from jiceng_pipeline.matching.model import Matching


def resolve(
    connection: duckdb.DuckDBPyConnection,
    matching: Matching,
    learned: Callable[[], weights.Weights],
    *,
    probes: bool,
    is_kept: bool,
) -> None:
    """Create views `clustered(rid, tid, is_alone, method, weight, pattern)` and `near`.

    `clustered` has every record that its own identifier does not place; `near(rid, tid, weight, second,
    second_weight)` the best and the second best entity of every record that was scored. `learned` and `probes` are
    of `rescoring.renew`; `is_kept` says whether what is found of pairs is kept. Needs `preparation.prepare` and
    `decisions.create_pairs`.
    """
    _said(connection, matching)
    _see(connection, "(from placed_row union all from rest_row)" if probes else "placed_row")
    rescoring.renew(connection, matching, learned, probes=probes)
    connection.execute("create or replace temp view near as from kept.near")
    connection.execute(
        f"""create or replace temp view joined as {_joined("from kept.ahead")};
        create or replace temp view cluster as from put union all from joined"""
    )
    # nearly all who have no number join: their rows are looked up, once more to write them takes longer
    connection.execute(
        f"""create or replace temp view joined_row as
        {_rows(matching, "joined", "loose_row")} union all from other_row"""
    )
    # what joined tells of new telephones and addresses: once more against the entities that gained a record
    _see(connection, "joined_row")
    _gain(connection, matching)
    connection.execute("create or replace temp view target_row as from gained_row")
    _weigh_again(connection, matching, learned(), "kept.compared_again" if is_kept else None)
    ahead = rescoring.ahead(matching, "near_again")
    connection.execute(
        f"""create or replace temp table joined_again as {_joined(ahead)};
        insert into put from joined_again"""
    )
    _extend(connection, matching, "joined_again", "loose_row")
    pool.resolve(connection, matching, learned(), "kept.compared_pool" if is_kept else None)
    _part(connection)


def _see(connection: duckdb.DuckDBPyConnection, target: str) -> None:
    """Let `target_row` be these rows, `todo` the records that have no place, `excluded` what these may not join."""
    connection.execute(f"create or replace temp view target_row as from {target}")
    connection.execute("create or replace temp table todo as select rid from loose_row anti join cluster using (rid)")
    exclude(connection)


def _said(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `put` of what people said is one with an anchored record; view `placed_row` of all that is placed.

    `cluster`, here and from step to step, has all who found their place: what is `put`, and what first `joined`.

    Entities that people said are one go by the smallest of their numbers.
    """
    connection.execute(
        """create or replace temp table put as
        with led as (
            select g.label, min(r.tid) as tid from same_group as g join entity_row as r using (rid) group by g.label
        ), moved as (
            select r.tid, min(l.tid) as now
            from same_group as g join entity_row as r using (rid) join led as l using (label) group by r.tid
        )
        select r.rid, m.now as tid, 'identifier' as method, cast(null as integer) as weight,
            cast(null as varchar) as pattern
        from entity_row as r join moved as m using (tid) where m.now <> r.tid
        union all
        select g.rid, coalesce(m.now, l.tid), 'decision', null, null
        from same_group as g join led as l using (label) left join moved as m on m.tid = l.tid
        where g.rid in (select rid from loose_row);
        create or replace temp view cluster as from put"""
    )
    connection.execute(
        """create or replace temp table other_row as from entity_row limit 0;
        create or replace temp view joined_row as from other_row"""
    )
    moved = connection.execute("select count(*) from cluster where method = 'identifier'").fetchall()[0][0]
    stayed = "entity_row anti join cluster using (rid)" if moved else "entity_row"
    connection.execute(
        f"""create or replace temp view placed_before as from {stayed};
        create or replace temp view placed_row as from placed_before union all from joined_row"""
    )
    _extend(connection, matching, "cluster", "fact")


def _extend(connection: duckdb.DuckDBPyConnection, matching: Matching, joined: str, rows: str) -> None:
    """Add the records of `joined(rid, tid)`, which are among these `rows`, to those of the entities."""
    connection.execute(f"insert into other_row {_rows(matching, joined, rows)}")


def _rows(matching: Matching, joined: str, rows: str) -> str:
    """Return a select of the records of `joined(rid, tid)`, which are among these `rows`, as rows of their entities."""
    return f"""select {features.columns(matching, "joined_tid")}
        from {rows} join (select rid, tid as joined_tid from {joined}) using (rid)"""


def _gain(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `gained(tid)`, the entities that gained a record and that `todo` may be of, and their rows.

    Those are which a record of `todo` was weighed against, which its kin are, or which it meets in what joined.
    """
    connection.execute("create or replace temp table todo_row as from loose_row semi join todo using (rid)")
    connection.execute("create or replace temp view left_row as from todo_row")
    connection.execute(
        f"""create or replace temp table gained as
        select distinct tid from (
            select tid from joined where rid in ({blocking.meeting(matching, "todo_row", "loose_row", "rid")})
            union all {blocking.meeting(matching, "todo_row", "other_row", "tid")}
            union all select tid from kept.weighed semi join todo using (rid)
            union all select tid from kept.kin semi join todo using (rid)
        ) semi join joined using (tid)"""
    )
    # of what joined, those first that are of one of these: the rows of all are many
    gaining = _rows(matching, "(from joined semi join gained using (tid))", "loose_row")
    connection.execute(
        f"""create or replace temp table gained_row as
        from (from placed_before union all from other_row) semi join gained using (tid) union all {gaining}"""
    )


def _weigh_again(
    connection: duckdb.DuckDBPyConnection, matching: Matching, learned: weights.Weights, known: str | None
) -> None:
    """Weigh every record of `todo` against `target_row`, and renew what is near to it."""
    scoring.create_compared(connection, matching, known=known)
    connection.execute(
        f"""create or replace temp table weighed as
        select rid, tid, {", ".join(matching.comparisons)}, weight from kept.weighed
        semi join todo using (rid) anti join gained using (tid) anti join excluded using (rid, tid)
        union all
        select rid, tid, {", ".join(matching.comparisons)}, {weights.expression(learned)}
        from compared anti join excluded using (rid, tid)"""
    )
    connection.execute(
        f"""create or replace temp table near_again as {rescoring.nearest(matching, "weighed")};
        create or replace temp view near as
        from kept.near anti join todo using (rid) union all from near_again"""
    )


def exclude(connection: duckdb.DuckDBPyConnection) -> None:
    """Create temp table `excluded(rid, tid)`: pairs that are never one.

    The entity whose number a record borrows (that is what borrowed means), and whatever holds a record
    that a person told apart from it.
    """
    connection.execute(
        """create or replace temp table excluded as
        select rid, borrowed as tid from loose_row where borrowed is not null
        union
        select p.rid, c.tid from loose_row as p
        join entity_row as o on o.tid = p.borrowed
        join (from cluster where method = 'identifier') as c on c.rid = o.rid
        union
        select d.rid, coalesce(c.tid, o.tid, o.rid) as tid
        from decided_different as d join fact as o on o.rid = d.other left join cluster as c on c.rid = d.other"""
    )


def _joined(ahead: str) -> str:
    """Return a select of the rows of `cluster` of what is clearly `ahead`; records said to be one go together."""
    return f"""with clear as ({ahead}), led as (
            select g.label, arg_min(c.tid, row(-c.weight, c.rid)) as tid
            from clear as c join same_group as g using (rid) group by g.label
        )
        select rid, tid, 'residual' as method, weight, pattern
        from clear anti join same_group using (rid)
        union all
        select g.rid, l.tid, 'decision', null, null from same_group as g join led as l using (label)"""


def _part(connection: duckdb.DuckDBPyConnection) -> None:
    """Let records leave a cluster where a person told two of it apart: the one that fits less stands alone.

    Whoever is said to be one stays one, and leaves together: before a record that nobody spoke for, as it is the word
    of a person that brought it here or may bring it elsewhere. Who has left makes nobody else leave.
    """
    connection.execute(
        f"""create or replace temp table leaver as
        with placed as (
            select rid, tid, method, weight from cluster
            union all
            select p.rid, p.tid, 'identifier', null from entity_row as p
            where p.rid in (select rid from decided_different) and p.rid not in (select rid from cluster)
        ), part as (
            select p.rid, p.tid, coalesce(g.label, p.rid) as part, g.rid is not null as is_said,
                p.method = 'identifier' as is_numbered, coalesce(p.weight, 0) as weight
            from placed as p left join same_group as g using (rid)
            where p.rid in (select rid from decided_different)
        ), fit as (
            select tid, part, row(
                bool_or(is_numbered), not bool_or(is_said), max(weight), -cast(min(rid) as hugeint)) as fit
            from part group by tid, part
        ), told as (
            select a.tid, a.part, list(b.part) as others
            from decided_different as d join part as a on a.rid = d.rid join part as b on b.rid = d.other
            where a.tid = b.tid group by a.tid, a.part
        ), staying as (
            select tid, {decisions.staying("part", "others", "fit desc", "ubigint")} as kept
            from told join fit using (tid, part) group by tid
        ), leaving as (
            select t.tid, t.part from told as t join staying as s using (tid) where not list_contains(s.kept, t.part)
        )
        select rid, part from part semi join leaving using (tid, part)"""
    )
    connection.execute(
        """create or replace temp view clustered as
        select rid, tid, false as is_alone, method, weight, pattern from cluster anti join leaver using (rid)
        union all
        select l.rid, l.part, true, 'decision', c.weight, c.pattern
        from leaver as l left join cluster as c using (rid)"""
    )
