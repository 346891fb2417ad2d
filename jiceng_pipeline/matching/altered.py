"""Which records are not as they were when `kept` was written: a number for each says all that matching reads of it."""

import duckdb

from jiceng_pipeline.matching import features, kept
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.warehouse.connection import has_table

_MOST = 0.3  # of all records: with more of them altered, all is made anew


def find(connection: duckdb.DuckDBPyConnection, matching: Matching) -> bool:
    """Create temp table `altered(rid)`, those that came, went or changed; say whether anything is kept of the rest.

    Needs `matching.<entity>_borrowed`.
    """
    connection.execute("create or replace temp table altered (rid ubigint)")
    if has_table(connection, "main.entity_row", "kept"):
        _compare(connection, matching)
        few = f"(select count(*) from altered) <= {_MOST} * (select count(*) from {matching.records})"
        if connection.execute(f"select {few}").fetchall()[0][0]:
            return True
        kept.clear(connection, matching, "变动太多")
    connection.execute("delete from altered")
    return False


def _compare(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    connection.execute(
        f"""create or replace temp table marked as
        select rowid as place, {features.mark(connection, matching)} as mark from {matching.records};
        create or replace temp table differing as
        with before as (select rid, mark from kept.entity_row union all select rid, mark from kept.loose_row)
        select n.place, b.rid from marked as n full join before as b using (mark)
        where n.place is null or b.rid is null;
        drop table marked"""
    )
    connection.execute(
        f"""insert into altered
        with lent as (
            select record_number(record_id) as rid from matching.{matching.entity}_borrowed
        ), lent_before as (select rid from kept.loose_row where borrowed is not null)
        select rid from differing where place is null
        union
        select record_number(r.record_id)
        from {matching.records} as r join differing as d on d.place = r.rowid where d.rid is null
        union (from lent except from lent_before)
        union (from lent_before except from lent)"""
    )
