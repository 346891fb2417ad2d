"""Which records are not as they were when `kept` was written: a number for each says all that matching reads of it."""

import duckdb

from jiceng_pipeline.matching import kept
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.warehouse.connection import has_table

_BLOCK = 64  # records, whose numbers are summed up to see whether they are as before
_MOST = 0.3  # of all records: with more of them altered, all is made anew


def is_little(connection: duckdb.DuckDBPyConnection, matching: Matching) -> bool:
    """Create what tells of all records whether they are as they were; say whether anything is kept, and of most.

    `differing(place, rid)`: the rowid of those that came or changed, the number of those that went or changed.
    View `kept_row`: what was prepared of all records the last time.
    """
    if not has_table(connection, "main.entity_row", "kept"):
        return False
    records = connection.execute(f"select count(*) from {matching.records}").fetchall()[0][0]
    connection.execute("create or replace temp view kept_row as from kept.entity_row union all from kept.loose_row")
    _create_differing(connection, matching, records)
    (differing,) = connection.execute("select count(*) from differing").fetchall()[0]
    if differing <= 2 * _MOST * records:
        return True
    kept.clear(connection, matching, "变动太多")
    return False


def find(connection: duckdb.DuckDBPyConnection, matching: Matching) -> bool:
    """Create temp table `altered(rid)`, those that came, went or changed; say whether anything is kept of the rest.

    Leaves `came(rid)`, those that came or changed. Needs `matching.<entity>_borrowed` and what `is_little` leaves.
    """
    connection.execute("create or replace temp table altered (rid ubigint)")
    if has_table(connection, "main.entity_row", "kept"):
        _find(connection, matching)
        few = f"(select count(*) from altered) <= {_MOST} * (select count(*) from {matching.records})"
        if connection.execute(f"select {few}").fetchall()[0][0]:
            return True
        kept.clear(connection, matching, "变动太多")
        connection.execute("delete from altered")
    return False


def _create_differing(connection: duckdb.DuckDBPyConnection, matching: Matching, records: int) -> None:
    # most blocks of numbers say together what they said before: there is nothing to look for in them
    block = f"content_mark >> {64 - max(1, (records // _BLOCK).bit_length())}"
    before = "(select mark as content_mark, rid from kept_row)"
    connection.execute(
        f"""create or replace temp table differing_block as
        with now as (select {block} as block, bit_xor(content_mark) as total from {matching.records} group by block),
        before as (select {block} as block, bit_xor(content_mark) as total from {before} group by block)
        select block from now full join before using (block) where now.total is distinct from before.total;
        create or replace temp table differing as
        select n.place, b.rid
        from (select rowid as place, content_mark from {matching.records} where {block} in (from differing_block)) as n
        full join (from {before} where {block} in (from differing_block)) as b using (content_mark)
        where n.place is null or b.rid is null"""
    )


def _find(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    connection.execute(
        f"""create or replace temp table came as
        select record_number(record_id) as rid from picked_record where place in (select place from differing);
        insert into altered
        with lent as (
            select record_number(record_id) as rid from matching.{matching.entity}_borrowed
        ), lent_before as (select rid from kept.loose_row where borrowed is not null)
        select rid from differing where place is null
        union from came
        union (from lent except from lent_before)
        union (from lent_before except from lent)"""
    )
