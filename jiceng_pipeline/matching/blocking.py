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
    right = " union all ".join(
        f"select k.tid, k.key from ({_keys(matching, 'target_block', 'target_shared', 'tid', number)}) as k"
        " semi join wanted using (key)"
        for number in numbers
    )
    connection.execute(
        f"""create or replace temp table right_key as
        with wanted as (select distinct key from left_key), every as (select distinct tid, key from ({right}))
        select tid, key from every qualify count(*) over (partition by key) <= {matching.widest}"""
    )
    ordered = "where l.rid < r.tid" if among else ""
    connection.execute(
        f"""create or replace temp table pair as
        select distinct l.rid, r.tid from left_key as l join right_key as r using (key) {ordered}"""
    )
    for table in ("left_block", "left_key", "right_key"):
        connection.execute(f"drop table {table}")


def _keys(matching: Matching, blocks: str, shared: str, identity: str, number: int) -> str:
    """Return the select of (identity, key) of one block; a key is the parts' numbers folded into one."""
    parts = matching.blocks[number]
    values = [part for part in parts if part in matching.values]
    cells = [f"v_{part}.value" if part in matching.values else f"b.{part}" for part in parts]
    folded = cells[0]
    for cell in cells[1:]:
        folded = f"xor({folded}, {cell})"
    present = " and ".join(f"{cell} is not null" for cell in cells)
    kinds = list(matching.values)
    joined = " ".join(
        f"join {shared} as v_{name} on v_{name}.{identity} = b.{identity} and v_{name}.kind = {kinds.index(name)}"
        for name in values
    )
    return f"select b.{identity}, {folded} as key from {blocks} as b {joined} where {present}"
