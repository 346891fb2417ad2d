"""What people decided, as tables the engine reads: it overrides every score."""

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.bound import bound
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.matching import verdicts


def create_decision(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `matching.decision(entity, record_id_a, record_id_b, verdict)`: what stands, `unsure` left out."""
    with open_ledger(settings) as ledger:
        said = verdicts.words(ledger, bound(connection))
    rows = [(w.entity, w.record_id_a, w.record_id_b, w.verdict) for w in said if w.verdict != "unsure"]
    connection.execute(
        """create or replace table matching.decision (
        entity varchar, record_id_a varchar, record_id_b varchar, verdict varchar)"""
    )
    if rows:
        connection.executemany("insert into matching.decision values (?, ?, ?, ?)", rows)


def create_pairs(connection: duckdb.DuckDBPyConnection, entity: str) -> None:
    """Create temp tables `decided_same(rid, other)` and `decided_different(rid, other)`, each pair both ways.

    Also temp table `same_group(rid, label)`, whoever is one by these words: who is told apart from one of a group is
    told apart from all of it.

    Two records that are the same by way of others, and different by somebody's word, contradict each
    other: none of these "same" holds until a person has settled it.
    """
    for verdict in ("same", "different"):
        connection.execute(
            f"""create or replace temp table decided_{verdict} as
            with said as (
                select record_number(record_id_a) as rid, record_number(record_id_b) as other
                from matching.decision where entity = '{entity}' and verdict = '{verdict}'
            ), known as (
                select rid from fact semi join (select rid from said union select other from said) using (rid)
            ), one as (select * from said where rid in (from known) and other in (from known))
            select rid, other from one union all select other, rid from one"""
        )
    # what one word says of a record, and another of one under the same number, is said of one entity
    connection.execute(
        """create or replace temp table same_edge as
        with numbered as (
            select rid, min(rid) over (partition by tid) as first
            from fact where tid is not null and rid in (select rid from decided_same)
        )
        from decided_same
        union all select rid, first from numbered
        union all select first, rid from numbered"""
    )
    create_components(connection, "same_edge", "same_group")
    connection.execute(
        """create or replace temp table same_group as
        select g.* from same_group as g anti join (
            select distinct a.label from decided_different as d
            join same_group as a on a.rid = d.rid join same_group as b on b.rid = d.other
            where a.label = b.label) as c using (label)"""
    )
    connection.execute(
        """create or replace temp table decided_different as
        with apart as (
            select distinct coalesce(a.label, d.rid) as one, coalesce(b.label, d.other) as two
            from decided_different as d left join same_group as a on a.rid = d.rid
            left join same_group as b on b.rid = d.other
        ), member as (from same_group union select one, one from apart where one not in (select rid from same_group))
        select distinct a.rid, b.rid as other
        from apart join member as a on a.label = one join member as b on b.label = two
        where a.rid <> b.rid"""
    )


def staying(key: str, others: str, rank: str, kind: str) -> str:
    """Return SQL, an aggregate: the list of the keys that stay where their list `others` names who is told apart.

    One after the other, in order of `rank`: who has left makes nobody leave.
    """
    return f"""list_reduce(list([{key}] || {others} order by {rank}),
        lambda kept, x: case when list_has_any(kept, x[2:]) then kept else list_append(kept, x[1]) end,
        cast([] as {kind}[]))"""


def create_components(connection: duckdb.DuckDBPyConnection, edge: str, into: str) -> None:
    """Create temp table `into(rid, label)`: connected components of `edge(rid, other)` (each both ways)."""
    connection.execute(f"create or replace temp table {into} as select distinct rid, rid as label from {edge}")
    while True:
        connection.execute(
            f"""create or replace temp table next_label as
            with reached as (
                select e.rid, min(p.label) as label from {edge} as e join {into} as p on p.rid = e.other group by e.rid
            )
            select p.rid, least(p.label, r.label) as label from {into} as p join reached as r using (rid)"""
        )
        changed = connection.execute(
            f"select count(*) from {into} as p join next_label as n using (rid) where p.label <> n.label"
        ).fetchall()[0][0]
        connection.execute(f"create or replace temp table {into} as from next_label")
        if not changed:
            return
