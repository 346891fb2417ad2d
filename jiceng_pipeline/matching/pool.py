"""The pool: records that belong to no known entity cluster among themselves."""

import duckdb

from jiceng_pipeline.matching import decisions, residual, scoring, weights
from jiceng_pipeline.matching.model import Matching


def resolve(
    connection: duckdb.DuckDBPyConnection, matching: Matching, learned: weights.Weights, known: str | None
) -> None:
    """Add to `put` every record without a usable identifier that is not in `cluster`.

    No record here has a usable identifier, so no cluster can hold two; what a person told apart is no edge.
    `known` is of `scoring.create_compared`.
    """
    connection.execute("create or replace temp table pool_row as from loose_row anti join cluster using (rid)")
    connection.execute("create or replace temp view left_row as from pool_row")
    connection.execute("create or replace temp view target_row as select * replace (rid as tid) from pool_row")
    scoring.create_compared(connection, matching, among=True, known=known)
    residual.exclude(connection)
    connection.execute(
        f"""create or replace temp table scored as
        select rid, tid, weight, pattern from (
            select c.rid, c.tid, {weights.expression(learned)} as weight,
                concat_ws('.', {", ".join(matching.comparisons)}) as pattern
            from compared as c anti join excluded using (rid, tid))
        where weight >= {round(matching.pool * 100)}"""
    )
    connection.execute(
        """create or replace temp table edge as
        select rid, tid as other, weight, pattern from scored
        union all select tid, rid, weight, pattern from scored
        union all
        select a.rid, b.rid, null, null from same_group as a join same_group as b using (label)
        where a.rid <> b.rid and a.rid in (select rid from pool_row) and b.rid in (select rid from pool_row)"""
    )
    decisions.create_components(connection, "edge", "pool_label")
    connection.execute(
        """insert into put
        with best as (
            select rid, weight, pattern from edge
            qualify row_number() over (partition by rid order by weight desc nulls last, other) = 1
        )
        select l.rid, coalesce(p.label, l.rid), case when p.rid is null then 'single' else 'pool' end,
            b.weight, b.pattern
        from pool_row as l left join pool_label as p using (rid) left join best as b using (rid)"""
    )
