"""Borrowed numbers from one sync to the next: of a day, only the numbers are judged anew that a change touches.

Whether a number is borrowed depends on the records that bear it, and on what people decided of these. So touched are
the numbers of the records that came, went or changed, before and now, and of all that people decide or decided about.
"""

import duckdb

from jiceng_pipeline.matching import altered, borrowed, features
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.standard.macro import literal


def select(connection: duckdb.DuckDBPyConnection, matching: Matching) -> str:
    """Return the select of `matching.<entity>_borrowed`. Needs `kept.opened`.

    Of a day, leaves what `altered.find` needs: `differing`, and `picked_record`, the records that are judged or not as
    they were, with their rowid as `place` and all that matching reads of them.
    """
    if not altered.is_little(connection, matching):
        return borrowed.select(matching)
    number = f"value_number({matching.identifier})"
    words = features.words("content_mark", borrowed.select(matching)) | features.read(matching)
    read = features.said(connection, matching, words)
    still_lent = "select mark from kept.loose_row where borrowed is not null and borrowed not in (from touched_number)"
    connection.execute(
        f"""create or replace temp table touched_number as
        with decided as (from ({_decided(matching)}) union from kept.decided), touched as (
            select coalesce(tid, borrowed) as number from kept_row where rid in (select rid from differing)
            union
            select {number} from {matching.records} where rowid in (select place from differing)
            union
            select {number} from {matching.records} where record_id in (from decided)
        )
        from touched where number is not null;
        -- all at once: wherever rows are picked out of so many, every column has to be read
        create or replace temp table picked_record as
        select rowid as place, {read} from {matching.records} where rowid in (
            select place from differing
            union
            select rowid from {matching.records} where content_mark in (
                select mark from kept_row where coalesce(tid, borrowed) in (from touched_number)
                union {still_lent}));
        create or replace temp view lent_record as from picked_record where {number} in (from touched_number)"""
    )
    anew = borrowed.select(matching.model_copy(update={"records": "lent_record"}))
    return f"""from ({anew})
        union all
        select record_id, {matching.identifier} from picked_record where content_mark in ({still_lent})
        order by record_id"""


def keep(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Keep what people decided about; what is borrowed is kept of every record."""
    connection.execute(f"create or replace table kept.decided as {_decided(matching)}")


def _decided(matching: Matching) -> str:
    return f"""select unnest([record_id_a, record_id_b]) as record_id
        from matching.decision where entity = {literal(matching.entity)}"""
