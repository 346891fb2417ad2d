"""Which records are not as they were when `kept` was written: a number for each says all that matching reads of it."""

import duckdb

from jiceng_pipeline.matching import kept
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.warehouse.connection import has_table

_BLOCK = 64  # records, whose numbers are summed up to see whether they are as before
_MOST = 0.3  # of all records: with more of them altered, all is made anew


def find(connection: duckdb.DuckDBPyConnection, matching: Matching) -> bool:
    """Create temp table `altered(rid)`, those that came, went or changed; say whether anything is kept of the rest.

    Leaves what `is_little` leaves, and `came(rid)`, those that came or changed. Needs `matching.<entity>_borrowed`.
    """
    connection.execute("create or replace temp table altered (rid ubigint)")
    if has_table(connection, "main.entity_row", "kept"):
        little = is_little(connection, matching)
        # `kept` is about to change
        connection.execute("drop table if exists kept.differing; drop table if exists kept.differing_of")
        if little:
            _find(connection, matching)
            few = f"(select count(*) from altered) <= {_MOST} * (select count(*) from {matching.records})"
            if connection.execute(f"select {few}").fetchall()[0][0]:
                return True
        kept.clear(connection, matching, "变动太多")
    connection.execute("delete from altered")
    return False


def is_little(connection: duckdb.DuckDBPyConnection, matching: Matching) -> bool:
    """Create what tells of all records whether they are as they were; say whether few enough are not.

    `differing(place, rid)`: the rowid of those that came or changed, the number of those that went or changed.
    View `kept_row`: what was prepared of all records the last time. What is found is kept for the next step.
    """
    records = connection.execute(f"select count(*) from {matching.records}").fetchall()[0][0]
    connection.execute("create or replace temp view kept_row as from kept.entity_row union all from kept.loose_row")
    if not _is_found(connection, matching):
        _create_differing(connection, matching, records)
    differing = connection.execute("select count(*) from differing").fetchall()[0][0]
    return bool(differing <= 2 * _MOST * records)


def _is_found(connection: duckdb.DuckDBPyConnection, matching: Matching) -> bool:
    """Create `differing` of what an earlier step of this sync found of the same records, if it did."""
    if not has_table(connection, "main.differing", "kept"):
        return False
    same = f"select told = ({_told(matching)}) from kept.differing_of"
    if connection.execute(same).fetchall() != [(True,)]:
        return False
    connection.execute(
        f"""create or replace temp table differing as
        select n.place, d.rid from kept.differing as d left join (
            select rowid as place, content_mark from {matching.records}
            where content_mark in (select mark from kept.differing)) as n on n.content_mark = d.mark"""
    )
    return True


def _told(matching: Matching) -> str:
    """Return a select of one text that says of which records something was found."""
    return f"select concat_ws(' ', count(*), sum(content_mark), bit_xor(content_mark)) from {matching.records}"


def _create_differing(connection: duckdb.DuckDBPyConnection, matching: Matching, records: int) -> None:
    # most blocks of numbers say together what they said before: there is nothing to look for in them
    block = f"content_mark >> {64 - max(1, (records // _BLOCK).bit_length())}"
    before = "(select mark as content_mark, rid from kept_row)"
    connection.execute(
        f"""create or replace temp table differing_block as
        with now as (select {block} as block, bit_xor(content_mark) as total from {matching.records} group by block),
        before as (select {block} as block, bit_xor(content_mark) as total from {before} group by block)
        select block from now full join before using (block) where now.total is distinct from before.total;
        create or replace temp table found as
        select n.place, n.content_mark as mark, b.rid
        from (select rowid as place, content_mark from {matching.records} where {block} in (from differing_block)) as n
        full join (from {before} where {block} in (from differing_block)) as b using (content_mark)
        where n.place is null or b.rid is null;
        create or replace temp table differing as select place, rid from found;
        create or replace table kept.differing as select mark, rid from found;
        create or replace table kept.differing_of as select ({_told(matching)}) as told"""
    )


def _find(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    connection.execute(
        f"""create or replace temp table came as
        select record_number(record_id) as rid from {matching.records} where rowid in (select place from differing);
        insert into altered
        with lent as (
            select record_number(record_id) as rid from matching.{matching.entity}_borrowed
        ), lent_before as (select rid from kept.loose_row where borrowed is not null)
        select rid from differing where place is null
        union from came
        union (from lent except from lent_before)
        union (from lent_before except from lent)"""
    )
