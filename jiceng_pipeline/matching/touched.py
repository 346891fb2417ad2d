"""What a change touches: which records have to be weighed anew, and which against some entities only.

A pair's weight says something of a record, of what its kin shares, and of an entity; whether there is a pair at all
depends on the blocks of both, and on how many entities share them. So a change touches the records that changed or
whose kin did, and those that share a block with an entity that changed, now or before.
"""

import duckdb

from jiceng_pipeline.matching import blocking, features, kept
from jiceng_pipeline.matching.model import Matching

_MOST = 0.3  # of the records to be placed: with more of them touched, all of them are weighed anew


def create(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create temp tables of a change since `kept` was written; where all is new, `kept` is empty.

    `changed(rid, tid, mark)`: the records that are not as they were, as they are now, `mark` null where there is
    none any more, and no row at all where all is new; `settled`, where people put a record; `moved(tid)`: the entities
    that are not as they were; `anew(rid)`: the records of `todo` to be weighed against everybody; `beside(rid)`: those
    whose pairs with others stay. Needs `placed_row` and `todo`.
    """
    connection.execute(
        """create or replace temp table settled as select rid, tid from cluster;
        create or replace temp view unplaced as from loose_row semi join todo using (rid)"""
    )
    if features.is_looked_up(connection):
        _create_suspect(connection)
        _create_changed(connection, matching)
        _create_anew(connection, matching)
        _create_beside(connection, matching)
        few = f"(select count(*) from anew) + (select count(*) from beside) <= {_MOST} * (select count(*) from todo)"
        if connection.execute(f"select {few}").fetchall()[0][0]:
            return
        kept.forget_weighed(connection, matching, "变动太多")
    connection.execute(
        """create or replace temp table changed (
            rid ubigint, tid ubigint, mark ubigint, tid_before ubigint, mark_before ubigint);
        create or replace temp table anew as from todo;
        create or replace temp table beside as from todo limit 0;
        create or replace temp table moved as select tid from changed"""
    )


def _create_suspect(connection: duckdb.DuckDBPyConnection) -> None:
    """Create temp table `suspect(rid)`: no other record can have changed."""
    connection.execute(
        """create or replace temp table suspect as
        from altered
        union select rid from (from settled except from kept.settled)
        union select rid from (from kept.settled except from settled)"""
    )


def mark(matching: Matching) -> str:
    """Return SQL: one number for all that the facts of a record say."""
    return f"hash({features.facts(matching)})"


def _create_changed(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `changed` of what `suspect` are now, nearly all of which has just been prepared, and what they were."""
    columns, said = features.columns(matching), mark(matching)
    connection.execute(
        f"""create or replace temp table changed as
        with stayed as (
            select {columns} from fact where rid in (from suspect except from altered)
        ), now as (
            select r.rid, coalesce(s.tid, r.tid) as tid, r.mark from (
                select rid, tid, {said} as mark from (select {columns} from prepared union all from stayed)
            ) as r left join settled as s using (rid)
        ), before as (
            select r.rid, coalesce(s.tid, r.tid) as tid, r.mark from (
                from altered_before union all select rid, tid, {said} from stayed
            ) as r left join kept.settled as s using (rid)
        )
        select coalesce(n.rid, k.rid) as rid, n.tid, n.mark, k.tid as tid_before, k.mark as mark_before
        from now as n full join before as k on k.rid = n.rid
        where n.mark is distinct from k.mark or n.tid is distinct from k.tid"""
    )


def _create_anew(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    kin = {kind for kind, each in enumerate(matching.values.values()) if each.through_kin}
    connection.execute(
        """create or replace temp table moved as
        select tid from (select tid from changed union select tid_before from changed) where tid is not null"""
    )
    connection.execute("create or replace temp table moved_row as from placed_row semi join moved using (tid)")
    family = ""
    if kin:
        family = f"""union all
            select rid from (from ({features.values(matching, "unplaced", kinds=kin)})
                semi join ({features.values(matching, "moved_row", kinds=kin)}) using (kind, value))
            union all
            select rid from kept.kin semi join moved using (tid)
            union all
            select rid from unplaced where borrowed in (from moved)"""
    connection.execute(
        f"""create or replace temp table anew as
        select distinct rid from (select rid from changed where mark is not null and tid is null {family})
        semi join todo using (rid)"""
    )


def _create_beside(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `beside`; `kept.crowded` is brought up to date for what moved."""
    connection.execute("create or replace temp view target_row as from moved_row")
    connection.execute(
        f"""create or replace temp table holder as
        select distinct tid, kind, value from ({features.values(matching, "moved_row", "tid", matching.blocking())})"""
    )
    blocking.create_right_key(connection, matching)
    connection.execute(
        f"""create or replace temp table crowded_before as select distinct key from kept.crowded;
        delete from kept.crowded where tid in (from moved);
        insert into kept.crowded
        select distinct key, tid from right_key semi join crowded_before using (key);
        create or replace temp table still_crowded as
        select key from kept.crowded group by key having count(*) > {matching.widest};
        create or replace temp table met as
        select distinct key from (
            select key from right_key union all from crowded_before
        ) anti join still_crowded using (key);
        delete from kept.crowded where key not in (from still_crowded)"""
    )
    connection.execute(
        """create or replace temp table beside as
        select distinct rid from (
            select rid from kept.left_key semi join met using (key)
            union all
            select rid from kept.weighed semi join moved using (tid)
        ) semi join todo using (rid) anti join anew using (rid)"""
    )
    connection.execute("create or replace temp view target_row as from placed_row")
