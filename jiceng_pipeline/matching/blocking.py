"""Blocking: which pairs are compared at all. Every key is bounded, so that a telephone of 500 people costs nothing."""

from collections.abc import Iterator

import duckdb

from jiceng_pipeline.matching.model import Matching

_MARK = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: its multiples lie far apart


def create_pair(connection: duckdb.DuckDBPyConnection, matching: Matching, *, among: bool) -> None:
    """Create temp table `pair(rid, tid)`: each record of `left_row` with the entities it shares a block with.

    Entities are in `target_row(tid, ...)`; what they hold of `left_value` is in `holder(tid, kind, value)`.
    A block and what two records share in it are one number, `key`, so that one number is all that is joined.
    `among`: both sides are the same records, and a pair is wanted once, the smaller first. Leaves
    `left_key(rid, block, key)`, and in `crowded(key, tid)` the blocks too wide to be used.
    """
    connection.execute(f"create or replace temp table left_key as {' union all '.join(_left(matching))}")
    connection.execute("create or replace temp table wanted as select distinct block, key from left_key")
    create_right_key(connection, matching, only="wanted")
    ordered = "where l.rid < r.tid" if among else ""
    connection.execute(
        f"""create or replace temp table crowded as
        with wide as (
            select key from right_key group by key having count(*) > {matching.widest}
        ), held as (select distinct key, tid from right_key semi join wide using (key))
        from held semi join (
            select key from held group by key having count(*) > {matching.widest}
        ) as c using (key)"""
    )
    connection.execute(
        f"""create or replace temp table pair as
        with narrow as (from right_key anti join crowded using (key))
        select distinct l.rid, r.tid from left_key as l join narrow as r using (key) {ordered}"""
    )
    for table in ("right_key", "wanted"):
        connection.execute(f"drop table {table}")


def create_right_key(connection: duckdb.DuckDBPyConnection, matching: Matching, *, only: str | None = None) -> None:
    """Create temp table `right_key(tid, key)`: what `target_row` and `holder` are blocked by.

    `only`: a table of the blocks that are wanted.
    """
    _named_holder(connection, matching)
    connection.execute(f"create or replace temp table right_key as {' union all '.join(_right(matching, only))}")
    connection.execute("drop table named_holder")


def _named_holder(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `named_holder`: each value that an entity holds beside each of the features it may be blocked with."""
    parts = sorted({part for block in matching.blocks for part in _features(matching, block) if len(block) > 1})
    cells = ", ".join(f"b_{part}" for part in parts)
    connection.execute(
        f"""create or replace temp table named_holder as
        select h.tid, h.kind, h.value, {", ".join(f"b.b_{part}" for part in parts) or "null as none"}
        from holder as h join (
            select distinct tid, {cells or "null"} from target_row semi join (select tid from holder) using (tid)
        ) as b using (tid)"""
    )


def _features(matching: Matching, block: tuple[str, ...]) -> list[str]:
    return [part for part in block if part in matching.features]


def _values(matching: Matching, block: tuple[str, ...]) -> list[int]:
    """Return the kinds of the values that a block is made of."""
    return [list(matching.values).index(part) for part in block if part in matching.values]


def _left(matching: Matching) -> Iterator[str]:
    for number, block in enumerate(matching.blocks):
        kinds = _values(matching, block)
        joined = " ".join(
            f"join left_value as v{place} on v{place}.rid = b.rid and v{place}.kind = {kind}"
            for place, kind in enumerate(kinds)
        )
        keys = _select("rid", number, _cells(matching, block), f"left_row as b {joined}")
        yield f"select rid, cast({number} as utinyint) as block, key from ({keys})"


def _right(matching: Matching, only: str | None) -> Iterator[str]:
    for number, block in enumerate(matching.blocks):
        match _values(matching, block):
            case []:
                rows = "target_row as b"
            case [kind]:
                rows = f"(select *, value as v0 from named_holder where kind = {kind}) as b"
            case [one, two]:
                rows = f"""(select v0.tid, v0.value as v0, v1.value as v1 from holder as v0 join holder as v1
                    on v1.tid = v0.tid and v0.kind = {one} and v1.kind = {two}) as b"""
        cells = [cell.replace(".value", "") for cell in _cells(matching, block)]
        # each block for itself: the keys of one are few enough to be looked up fast
        wanted = f"semi join (select key from {only} where block = {number}) using (key)" if only else ""
        yield f"select * from ({_select('tid', number, cells, rows)}) {wanted}"


def _cells(matching: Matching, block: tuple[str, ...]) -> list[str]:
    places = {part: place for place, part in enumerate(part for part in block if part in matching.values)}
    return [f"v{places[part]}.value" if part in places else f"b.b_{part}" for part in block]


def _select(identity: str, number: int, cells: list[str], rows: str) -> str:
    """Return the select of (identity, key) of one block: one number of the block and its parts."""
    present = " and ".join(f"{cell} is not null" for cell in cells)
    key = f"cast({_MARK * (number + 1) % 2**64} as ubigint)"  # tells apart the blocks of the same two values
    for cell in cells:
        key = f"xor({key}, {cell})"
    return f"select b.{identity}, {key} as key from {rows} where {present}"
