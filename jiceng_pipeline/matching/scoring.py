"""Scoring: for each pair the level of every comparison, and the sum of their weights in hundredths of a bit."""

import duckdb

from jiceng_pipeline.matching import blocking
from jiceng_pipeline.matching.comparisons import (
    birth_date,
    equal,
    identity_number,
    namesakes,
    organisation_name,
    person_name,
    place_taken,
    together,
)
from jiceng_pipeline.matching.model import Comparison, Matching

KINDS = {
    "person_name": person_name,
    "organisation_name": organisation_name,
    "birth_date": birth_date,
    "identity_number": identity_number,
    "equal": equal,
}
OF_PAIRS = {"namesakes": namesakes, "place_taken": place_taken, "together": together}


def levels(kind: str) -> tuple[str, ...]:
    """Return the names of a kind's levels."""
    found: tuple[str, ...] = (KINDS | OF_PAIRS)[kind].LEVELS
    return found


def create_targets(connection: duckdb.DuckDBPyConnection, matching: Matching, members: str = "member") -> None:
    """Create what the entities of `member(rid, tid)` have to be found by: `target_block`, `target_shared`."""
    connection.execute(f"create or replace temp table target_block as {_target_block(matching, members)}")
    connection.execute(f"create or replace temp table target_shared as {_target_shared(members)}")


def extend_targets(connection: duckdb.DuckDBPyConnection, matching: Matching, members: str) -> None:
    """Add what more members bring."""
    connection.execute(f"insert into target_block {_target_block(matching, members)}")
    connection.execute(f"insert into target_shared {_target_shared(members)}")


def _target_block(matching: Matching, members: str) -> str:
    cells = ", ".join(f"b.{name}" for name in matching.blocked())
    return f"select distinct m.tid, {cells} from {members} as m join block_face as b using (rid)"


def _target_shared(members: str) -> str:
    return f"select m.tid, v.kind, v.value from {members} as m join value as v using (rid)"


def create_compared(connection: duckdb.DuckDBPyConnection, matching: Matching, *, among: bool = False) -> None:
    """Create temp table `compared(rid, tid, <level of every comparison>)`.

    Reads `left_record(rid)`, the records to be placed, `member(rid, tid)`, the entities there are, and
    their `create_targets`.
    """
    left_values(connection, matching)
    blocking.create_pair(connection, matching, among=among)
    compare_pairs(connection, matching)


def compare_pairs(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `compared` for the pairs there are, without blocking."""
    _targets(connection, matching)
    faced = {n: c for n, c in matching.comparisons.items() if c.kind in KINDS}
    best = ", ".join(
        f"coalesce(min(nullif({KINDS[c.kind].level(*c.features)}, 0)), 0) as {name}" for name, c in faced.items()
    )
    connection.execute(
        f"""create or replace temp table faced as
        select p.rid, p.tid, {best}
        from pair as p join face as l on l.rid = p.rid join target_face as r on r.tid = p.tid
        group by p.rid, p.tid"""
    )
    # in two steps: in one, whoever plans it begins with everybody who lives in one community
    connection.execute(
        """create or replace temp table pair_value as
        select p.rid, p.tid, v.kind, v.value from pair as p join left_value as v using (rid)"""
    )
    connection.execute(
        """create or replace temp table agreed as
        select v.rid, v.tid, bit_or(1 << cast(v.kind as integer)) as kinds
        from pair_value as v join named_shared as t using (tid, kind, value)
        group by v.rid, v.tid"""
    )
    rest = "".join(
        f", {_pair_level(matching, c)} as {n}" for n, c in matching.comparisons.items() if c.kind not in KINDS
    )
    connection.execute(
        f"""create or replace temp table compared as
        select f.rid, f.tid, {", ".join(f"f.{name}" for name in faced)}{rest}
        from faced as f
        left join agreed as a on a.rid = f.rid and a.tid = f.tid
        left join left_mask as lm on lm.rid = f.rid
        left join target_mask as tm on tm.tid = f.tid
        left join place as p on p.rid = f.rid
        left join target_place as tp on tp.tid = f.tid and tp.place = p.place
        left join namesakes as n on n.rid = f.rid"""
    )


def left_values(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `left_value`: the values of each record, and those of its kin where declared; and `left_mask`."""
    parts = ["select v.rid, v.kind, v.value from value as v semi join left_record using (rid)"]
    kin = ", ".join(str(kind) for kind, each in enumerate(matching.values.values()) if each.through_kin)
    if kin:
        parts.append(
            f"""select l.rid, o.kind, o.value
            from (select v.* from value as v semi join left_record using (rid) where v.kind in ({kin})) as l
            join target_shared as k on k.kind = l.kind and k.value = l.value
            join target_shared as o on o.tid = k.tid and o.kind in ({kin})"""
        )
        # whose number somebody borrows is mostly kin
        parts.append(
            f"""select l.rid, v.kind, v.value
            from (select r.rid, r.borrowed from record as r semi join left_record using (rid)) as l
            join record as o on o.identifier = l.borrowed join value as v on v.rid = o.rid
            where v.kind in ({kin})"""
        )
    connection.execute(f"create or replace temp table left_value as {' union '.join(parts)}")
    connection.execute(
        """create or replace temp table left_mask as
        select rid, bit_or(1 << cast(kind as integer)) as kinds from left_value group by rid"""
    )


def _targets(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `target_face`, `named_shared`, `target_mask`, `target_place` of the entities that pairs name."""
    connection.execute("create or replace temp table named_target as select distinct tid from pair")
    cells = ", ".join(f"f.{name}" for name in matching.faced())
    connection.execute(
        f"""create or replace temp table target_face as
        select distinct m.tid, {cells}
        from member as m semi join named_target using (tid) join face as f on f.rid = m.rid"""
    )
    connection.execute(
        """create or replace temp table named_shared as
        select distinct tid, kind, value from target_shared semi join named_target using (tid)"""
    )
    connection.execute(
        """create or replace temp table target_mask as
        select tid, bit_or(1 << cast(kind as integer)) as kinds from named_shared group by tid"""
    )
    connection.execute(
        """create or replace temp table target_place as
        select distinct m.tid, p.place
        from member as m semi join named_target using (tid) join place as p on p.rid = m.rid"""
    )


def _pair_level(matching: Matching, comparison: Comparison) -> str:
    if comparison.kind == "together":
        return together.level(
            "coalesce(a.kinds, 0)", "coalesce(lm.kinds, 0)", "coalesce(tm.kinds, 0)", list(matching.values)
        )
    if comparison.kind == "place_taken":
        return "case when p.is_shared then 3 when tp.place is not null then 2 else 1 end"
    return "case when f.name in (1, 2, 3) then coalesce(n.level, 1) else 0 end"
