"""停用值 (stopped values) from one sync to the next: which cease to be stopped, and which are from now on.

What a version lists is stopped while at least half as many records hold it as would stop it; so a day's change
may bring a value across that line, and with it all records that hold it.
"""

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import features, statistics, versions
from jiceng_pipeline.matching.model import Matching


def renew(
    connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching, version: versions.Version
) -> bool:
    """Bring `kept.stopped` up to date with `prepared`, which has the records of `altered` as they are now.

    Who holds what has crossed the line is added to `altered`; return whether anybody is.
    """
    connection.execute(f"create or replace temp table held_now as from ({statistics.held(matching)})")
    _create_freed(connection, matching)
    _create_added(connection, settings, matching, version)
    connection.execute(
        f"""create or replace temp table crossing as
        select rid from kept.stopped_holding semi join freed using (kind, value)
        union select rid from ({_held_before(matching, "added")});
        insert into altered from crossing anti join altered using (rid);
        delete from kept.stopped where (kind, value) in (from freed);
        insert into kept.stopped from added"""
    )
    return bool(connection.execute("select 1 from crossing limit 1").fetchall())


def _create_freed(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    connection.execute(
        f"""create or replace temp table freed as
        with holding as (
            select kind, value from kept.stopped_holding where rid not in (from altered)
            union all select kind, value from held_now semi join kept.stopped using (kind, value)
        )
        select kind, value from kept.stopped anti join ({_often(matching, "holding")}) using (kind, value)"""
    )


def _create_added(
    connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching, version: versions.Version
) -> None:
    connection.execute(
        """create or replace temp table unstopped as
        select distinct kind, value from held_now anti join kept.stopped using (kind, value)"""
    )
    statistics.create_keyed_value(connection, settings, matching, "unstopped", "from held_now")
    connection.execute(f"create or replace temp table listed as {versions.listed(version)}")
    connection.execute(
        f"""create or replace temp table added as
        with holding as (
            select kind, value from held_now semi join listed using (kind, value)
            union all select kind, value from ({_held_before(matching, "listed")})
        ) {_often(matching, "holding")}"""
    )


def _held_before(matching: Matching, values: str) -> str:
    """Return a select of (rid, kind, value): who of those that did not alter holds one of these values."""
    parts = (statistics.held(matching, rows=f"kept.{rows}") for rows in ("entity_row", "loose_row"))
    return f"""from ({" union all ".join(parts)}) semi join {values} using (kind, value)
        where rid not in (from altered)"""


def _often(matching: Matching, holding: str) -> str:
    """Return a select of (kind, value): what so many rows of `holding` have that it is stopped if it is listed."""
    least = " ".join(
        f"when {kind} then {statistics.OFTEN * (each.holders or 0)}" for kind, each in features.limited(matching)
    )
    return f"""select kind, value from {holding} group by kind, value
        having count(*) > case kind {least or "when 0 then 0"} end"""
