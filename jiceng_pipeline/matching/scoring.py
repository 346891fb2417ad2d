"""Scoring: for each pair the level of every comparison, and the sum of their weights in hundredths of a bit."""

import duckdb

from jiceng_pipeline.matching import blocking, features, statistics
from jiceng_pipeline.matching.comparisons import namesakes, together
from jiceng_pipeline.matching.kinds import KINDS
from jiceng_pipeline.matching.model import Comparison, Matching


def create_compared(
    connection: duckdb.DuckDBPyConnection,
    matching: Matching,
    *,
    among: bool = False,
    probes: bool = False,
    known: str | None = None,
) -> None:
    """Create temp table `compared(rid, tid, <level of every comparison>)`.

    Reads `left_row`, the rows of `prepared` that are to be placed, and `target_row`, those of the entities without
    their texts; `among` and `probes` are of `blocking.create_pair`. `known(alike, <levels>)`: a table of what was
    found before of pairs that were alike in all; it is brought up to date.
    """
    left_values(connection, matching, probes=probes)
    blocking.create_pair(connection, matching, among=among, probes=probes)
    if known:
        _compare_unknown(connection, matching, known)
    else:
        compare_pairs(connection, matching)


def left_values(connection: duckdb.DuckDBPyConnection, matching: Matching, *, probes: bool = False) -> None:
    """Create `left_value`, the values of each record and those of its kin where declared; `left_mask`.

    `probes`: those of training are among the records.
    """
    kin = {kind for kind, each in enumerate(matching.values.values()) if each.through_kin}
    own = features.values(matching, "left_row", kinds=set(range(len(matching.values))) - kin)
    parts = [f"({own})"] if own else []
    if kin:
        connection.execute(
            f"""create or replace temp table kin as
            with held as ({features.values(matching, "left_row", kinds=kin)})
            select distinct h.rid, k.tid
            from held as h join ({features.values(matching, "target_row", "tid", kin)}) as k using (kind, value)
            where {blocking.fits("h.rid", "k.tid") if probes else "true"}"""
        )
        # whose number somebody borrows is mostly kin
        connection.execute(
            "insert into kin select rid, borrowed from left_row where borrowed in (select tid from entity_row)"
        )
        rows = "(from placed_row union all from rest_row)" if probes else "placed_row"
        held = features.values(matching, rows, "tid", kin)
        parts.append(
            f"""({features.values(matching, "left_row", kinds=kin)} union select k.rid, v.kind, v.value
            from kin as k join (from ({held}) semi join (select tid from kin) using (tid)) as v using (tid))"""
        )
    connection.execute(f"create or replace temp table left_value as {' union all '.join(parts)}")
    connection.execute(
        """create or replace temp table left_mask as
        select rid, bit_or(1 << cast(kind as integer)) as kinds from left_value group by rid"""
    )


def compare_pairs(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `compared` for the pairs there are, without blocking.

    What is wide is made when it is wanted and dropped when it was: this is where memory is fullest.
    """
    _create_target(connection, matching)
    _create_agreed(connection, matching)
    _create_faced(connection, matching)
    faced = [name for name, each in matching.comparisons.items() if each.kind in KINDS]
    rest = "".join(
        f", {_pair_level(matching, c)} as {n}" for n, c in matching.comparisons.items() if c.kind not in KINDS
    )
    connection.execute(
        f"""create or replace temp table compared as
        select f.rid, f.tid, {", ".join(f"f.{name}" for name in faced)}{rest}
        from faced as f join left_row as l using (rid)
        left join agreed as a on a.rid = f.rid and a.tid = f.tid
        left join left_mask as lm on lm.rid = f.rid
        left join target_mask as tm on tm.tid = f.tid
        left join shared_place as p on p.place = l.place
        left join target_place as tp on tp.tid = f.tid and tp.place = l.place
        left join name_count as n on n.name = {statistics.name(matching, "l")};
        drop table faced; drop table agreed; drop table target_mask; drop table target_place"""
    )


def _compare_unknown(connection: duckdb.DuckDBPyConnection, matching: Matching, known: str) -> None:
    """Do the same of those only that are not `known`: what is found depends on nothing but these facts."""
    facts, levels = f"hash({features.facts(matching)})", ", ".join(matching.comparisons)
    connection.execute(
        f"""create or replace temp table alike as
        with own as (
            select rid, {facts} as said from left_row
        ), held as (
            select rid, bit_xor(hash(kind, value)) as said from left_value group by rid
        ), target as (
            select tid, sum({facts}) as said from target_row semi join (select tid from pair) using (tid) group by tid
        )
        select p.rid, p.tid, hash(o.said, h.said, t.said) as alike
        from pair as p join own as o using (rid) left join held as h using (rid) join target as t using (tid);
        create or replace temp table found_before as
        select rid, tid, {levels} from alike join {known} using (alike);
        create or replace temp table pair as from pair anti join found_before using (rid, tid)"""
    )
    compare_pairs(connection, matching)
    connection.execute(
        f"""insert into compared by name from found_before;
        create or replace table {known} as select distinct alike, {levels} from compared join alike using (rid, tid);
        drop table alike; drop table found_before"""
    )


def _create_target(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create of the entities that pairs name `named_row`, their rows, `one_face`, `target_mask` and `target_place`."""
    held = dict[int, list[str]]()
    for kind, _, cell in features.cells_of(matching):
        held.setdefault(kind, []).append(cell)
    bits = " + ".join(
        f"case when coalesce({', '.join(cells)}) is null then 0 else {1 << kind} end" for kind, cells in held.items()
    )
    shared = "".join(f", {cell}" for *_, cell in features.cells_of(matching))
    connection.execute(
        f"""create or replace temp table named_row as
        select tid, rid, place, is_current, face{shared}
        from target_row semi join (select tid from pair) using (tid);
        create or replace temp table one_face as select tid, min(rid) as rid from named_row group by tid, face;
        create or replace temp table target_mask as
        select tid, bit_or({bits or 0}) as kinds from named_row group by tid;
        create or replace temp table target_place as select distinct tid, place from named_row where is_current"""
    )


def _create_agreed(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `agreed(rid, tid, kinds)`: of which kinds the two of a pair hold a value in common, a bit a kind."""
    # in two steps: in one, whoever plans it begins with everybody who lives in one community
    connection.execute(
        f"""create or replace temp table pair_value as
        select p.rid, p.tid, v.kind, v.value from pair as p join left_value as v using (rid);
        drop table left_value;
        create or replace temp table agreed as
        select rid, tid, bit_or(1 << cast(kind as integer)) as kinds
        from pair_value semi join ({features.values(matching, "named_row", "tid")}) using (tid, kind, value)
        group by rid, tid;
        drop table pair_value; drop table named_row"""
    )


def _create_faced(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `faced`: of each pair the best level of every comparison of texts, over all that the entity is called."""
    features.look_up(connection, matching, "(select rid from one_face union all select distinct rid from pair)")
    cells = ", ".join(f"w.{cell} as {name}" for name, cell in features.compared_cells(matching).items())
    faced = {name: c for name, c in matching.comparisons.items() if c.kind in KINDS}
    levels = ", ".join(f"{KINDS[c.kind].level(*c.features)} as {name}" for name, c in faced.items())
    best = ", ".join(f"coalesce(min(nullif({name}, 0)), 0) as {name}" for name in faced)
    texts = "wording" if features.is_looked_up(connection) else "left_row"
    left = ", ".join(f"{cell} as {name}" for name, cell in features.compared_cells(matching).items())
    connection.execute(
        f"""create or replace temp table target_face as
        select one.tid, {cells} from one_face as one join wording as w using (rid);
        drop table one_face;
        create or replace temp table faced as
        select rid, tid, {best}
        from (select p.rid, p.tid, {levels}
            from pair as p join (select rid, {left} from {texts}) as l on l.rid = p.rid
            join target_face as r on r.tid = p.tid)
        group by rid, tid;
        drop table target_face"""
    )


def _pair_level(matching: Matching, comparison: Comparison) -> str:
    if comparison.kind == "together":
        return together.level(
            "coalesce(a.kinds, 0)", "coalesce(lm.kinds, 0)", "coalesce(tm.kinds, 0)", list(matching.values)
        )
    if comparison.kind == "place_taken":
        return """case when not l.is_current then 1
            when p.place is not null then 3 when tp.tid is not null then 2 else 1 end"""
    return f"case when f.name in (1, 2, 3) then {namesakes.level('coalesce(n.entities, 1)')} else 0 end"
