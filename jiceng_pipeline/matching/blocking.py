"""Blocking: which pairs are compared at all. Every key is bounded, so that a telephone of 500 people costs nothing."""

from collections.abc import Iterator, Sequence

import duckdb

from jiceng_pipeline.matching import features
from jiceng_pipeline.matching.model import Matching, Sure

_HALF = 2**32 - 1
_MARK = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: its multiples lie far apart


def create_pair(
    connection: duckdb.DuckDBPyConnection, matching: Matching, *, among: bool = False, probes: bool = False
) -> None:
    """Create temp table `pair(rid, tid)`: each record of `left_row` with the entities it shares a block with.

    Entities are in `target_row(tid, ...)`; what `left_row` and its kin hold is in `left_value(rid, kind, value)`.
    A block and what two records share in it are one number, `key`, so that one number is all that is joined.
    `among`: both sides are the same records, and a pair is wanted once, the smaller first. Leaves
    `left_key(rid, block, key)`, and in `crowded(key, tid)` the blocks too wide to be used.

    Most records meet one entity by name, birth and home: these are sought in the block of `sure` alone.
    `probes`: those of training are among the records. They are sought everywhere, for of what is never compared
    nothing can be learned; of its own entity such a record meets the rest, `rest_row`, and nobody else does.
    """
    connection.execute(
        """create or replace temp table left_key (rid ubigint, block utinyint, key ubigint);
        create or replace temp table crowded (key ubigint, tid ubigint);
        create or replace temp table met (rid ubigint, tid ubigint, blocks integer);
        create or replace temp view asked_row as from left_row"""
    )
    numbers = list(range(len(matching.blocks)))
    if matching.sure and not among:
        first = matching.blocks.index(matching.sure.block)
        numbers.remove(first)
        _meet(connection, matching, [first], among=among, probes=probes)
        _create_open(connection, matching, matching.sure, probes=probes)
    _meet(connection, matching, numbers, among=among, probes=probes)
    connection.execute("create or replace temp table pair as select distinct rid, tid from met")
    for table in ("met", "holder", "named_holder", "open_row"):  # wide, and of no more use
        connection.execute(f"drop table if exists {table}")


def fits(rid: str, tid: str) -> str:
    """Return SQL: a probe may meet this entity, which is its own without it or another's with all that it has."""
    return f"""({tid} not in (select rest from probe) or ({rid}, {tid}) in (select (rid, rest) from probe))
        and ({rid}, {tid}) not in (select (rid, tid) from probe)"""


def _create_open(connection: duckdb.DuckDBPyConnection, matching: Matching, sure: Sure, *, probes: bool) -> None:
    """Let `asked_row` be the records of `left_row` that no entity of `met` is sure for."""
    kinds = {list(matching.values).index(name) for name in sure.values}
    cells = ", ".join(cell for kind, _, cell in features.cells_of(matching) if kind in kinds)
    connection.execute(
        f"""create or replace temp table met_row as
        select tid, {cells} from target_row semi join (select tid from met) using (tid);
        create or replace temp table sure as
        select distinct rid from (
            select m.rid, m.tid, v.kind, v.value from met as m join left_value as v using (rid)
            where v.kind in ({", ".join(map(str, sorted(kinds)))})
        ) semi join ({features.values(matching, "met_row", "tid", kinds)}) using (tid, kind, value)
        {"anti join probe using (rid)" if probes else ""};
        create or replace temp table open_row as
        select {features.columns(matching)} from left_row anti join sure using (rid);
        create or replace temp view asked_row as from open_row;
        drop table met_row; drop table sure"""
    )


def create_holder(connection: duckdb.DuckDBPyConnection, matching: Matching, rows: str) -> None:
    """Create temp table `holder(tid, kind, value)`: what entities hold of what the `rows` of the left have."""
    connection.execute(
        f"""create or replace temp table holder as
        select distinct tid, kind, value
        from ({features.values(matching, "target_row", "tid", matching.blocking())})
        semi join (select kind, value from left_value semi join {rows} using (rid)) using (kind, value)"""
    )


def _meet(
    connection: duckdb.DuckDBPyConnection, matching: Matching, numbers: Sequence[int], *, among: bool, probes: bool
) -> None:
    """Add to `left_key`, `crowded` and `met` what the records of `asked_row` meet in these blocks."""
    if any(_values(matching, matching.blocks[number]) for number in numbers):
        create_holder(connection, matching, "asked_row")
    connection.execute(f"create or replace temp table asked_key as {' union all '.join(_left(matching, numbers))}")
    create_right_key(connection, matching, numbers, only="asked_key")
    fitting = "l.rid < r.tid" if among else fits("l.rid", "r.tid") if probes else "true"
    counted = "where tid not in (select rest from probe)" if probes else ""
    connection.execute(
        f"""create or replace temp table wide as
        with many as (
            select key from right_key group by key having count(*) > {matching.widest}
        ), held as (select distinct key, tid from right_key semi join many using (key) {counted})
        from held semi join (
            select key from held group by key having count(*) > {matching.widest}
        ) as c using (key);
        insert into crowded from wide;
        insert into left_key from asked_key"""
    )
    connection.execute(
        f"""insert into met
        with narrow as (from right_key anti join wide using (key))
        select l.rid, r.tid, bit_or(1 << cast(l.block as integer))
        from asked_key as l join narrow as r using (key) where {fitting}
        group by l.rid, r.tid"""
    )
    connection.execute("drop table right_key; drop table asked_key")


def create_right_key(
    connection: duckdb.DuckDBPyConnection,
    matching: Matching,
    numbers: Sequence[int] | None = None,
    *,
    only: str | None = None,
) -> None:
    """Create temp table `right_key(tid, key)`: what `target_row` and `holder` are blocked by, in these blocks or all.

    `only`: a table of the blocks that are wanted.
    """
    wanted = range(len(matching.blocks)) if numbers is None else numbers
    if any(_values(matching, matching.blocks[number]) for number in wanted):
        _named_holder(connection, matching, wanted)
    rows = " union all ".join(_right(matching, wanted, only))
    connection.execute(f"create or replace temp table right_key as {rows}")


def meeting(matching: Matching, left: str, right: str, identity: str) -> str:
    """Return a select of the `identity` of the rows of `right` that share a value, or a block of features, with `left`.

    There is a row for each thing that is shared.
    """
    blocks = {n: block for n, block in enumerate(matching.blocks) if not _values(matching, block)}

    def keys(identity: str, rows: str) -> str:
        parts = (_select(identity, n, _cells(matching, block), f"{rows} as b") for n, block in blocks.items())
        return " union all ".join(parts) or f"select {identity}, cast(null as ubigint) as key from {rows} limit 0"

    kinds = matching.blocking()
    return f"""select {identity} from ({keys(identity, right)}) semi join ({keys("rid", left)}) using (key)
        union all
        select {identity} from ({features.values(matching, right, identity, kinds)})
            semi join ({features.values(matching, left, kinds=kinds)}) using (kind, value)"""


def _named_holder(connection: duckdb.DuckDBPyConnection, matching: Matching, numbers: Sequence[int]) -> None:
    """Create `named_holder`: each value that an entity holds beside each of the features it may be blocked with."""
    blocks = [matching.blocks[number] for number in numbers]
    parts = sorted({part for block in blocks for part in _features(matching, block) if len(block) > 1})
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


def _left(matching: Matching, numbers: Sequence[int]) -> Iterator[str]:
    for number in numbers:
        block = matching.blocks[number]
        kinds = _values(matching, block)
        joined = " ".join(
            f"join left_value as v{place} on v{place}.rid = b.rid and v{place}.kind = {kind}"
            for place, kind in enumerate(kinds)
        )
        keys = _select("rid", number, _cells(matching, block), f"asked_row as b {joined}")
        yield f"select rid, cast({number} as utinyint) as block, key from ({keys})"


def _right(matching: Matching, numbers: Sequence[int], only: str | None) -> Iterator[str]:
    for number in numbers:
        block = matching.blocks[number]
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
    for place, cell in enumerate(cells):
        half = f"(cast({cell} as ubigint) & {_HALF}) << 32" if place else f"cast({cell} as ubigint)"
        key = f"xor({key}, {half})"
    return f"select b.{identity}, {key} as key from {rows} where {present}"
