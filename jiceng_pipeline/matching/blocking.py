"""Blocking: which pairs are compared at all. Every key is bounded, so that a telephone of 500 people costs nothing."""

import duckdb

from jiceng_pipeline.matching.model import Matching


def create_pair(connection: duckdb.DuckDBPyConnection, matching: Matching, *, among: bool) -> None:
    """Create temp table `pair(rid, tid)`: each of `left_record` with the entities it shares a block with.

    Entities are in `target_block(tid, ...)` and `target_shared(tid, kind, value)`. `among`: both sides
    are the same records, and a pair is wanted once, the smaller first.
    """
    numbers = range(len(matching.blocks))
    connection.execute(
        "create or replace temp table left_block as select b.* from block_face as b semi join left_record using (rid)"
    )
    left = " union all ".join(_keys(matching, "left_block", "left_value", "rid", number) for number in numbers)
    connection.execute(f"create or replace temp table left_key as {left}")
    # of what entities hold, only what somebody on the left holds too
    connection.execute(
        """create or replace temp table sought_shared as
        select * from target_shared semi join (select distinct kind, value from left_value) using (kind, value)"""
    )
    right = " union all ".join(
        f"""select k.tid, k.block, k.one, k.two
        from ({_keys(matching, "target_block", "sought_shared", "tid", number)}) as k
        semi join (select * from wanted where block = {number}) as w using (one, two)"""
        for number in numbers
    )
    connection.execute("create or replace temp table wanted as select distinct block, one, two from left_key")
    connection.execute(f"create or replace temp table right_key as {right}")
    ordered = "where l.rid < r.tid" if among else ""
    connection.execute(
        f"""create or replace temp table pair as
        with wide as (
            select block, one, two from right_key group by block, one, two having count(*) > {matching.widest}
        ), crowded as (
            select block, one, two from right_key semi join wide using (block, one, two)
            group by block, one, two having count(distinct tid) > {matching.widest}
        ), narrow as (select * from right_key anti join crowded using (block, one, two))
        select distinct l.rid, r.tid from left_key as l join narrow as r using (block, one, two) {ordered}"""
    )
    for table in ("left_block", "left_key", "right_key", "sought_shared", "wanted"):
        connection.execute(f"drop table {table}")


def _keys(matching: Matching, blocks: str, shared: str, identity: str, number: int) -> str:
    """Return the select of (identity, block, one, two) of one block: the numbers of its parts, 0 where it has one."""
    parts = matching.blocks[number]
    values = [part for part in parts if part in matching.values]
    cells = [f"v_{part}.value" if part in matching.values else f"b.{part}" for part in parts]
    present = " and ".join(f"{cell} is not null" for cell in cells)
    kinds = list(matching.values)
    joined = " ".join(
        f"join {shared} as v_{name} on v_{name}.{identity} = b.{identity} and v_{name}.kind = {kinds.index(name)}"
        for name in values
    )
    one, two = (*cells, "cast(0 as ubigint)")[:2]
    return f"""select b.{identity}, cast({number} as utinyint) as block, {one} as one, {two} as two
        from {blocks} as b {joined} where {present}"""
