"""What a day costs this engine: the same records arrive as with `splink_day`; then all of it anew, to compare.

Both make the same tables of all records. The day has what the evening before kept; the full run has the model only.
"""

import shutil

from benchmarks.matching.contest import Contest
from benchmarks.matching.dataset import LINK, RECORD, steps
from benchmarks.matching.splink_day import NEW
from jiceng_pipeline.warehouse.table import materialise

_COUNTS = ("records", "changed", "to_place", "weighed_anew", "weighed_beside")


def engine_day(contest: Contest) -> None:
    """Link the old records, then a day's; the phases `day ...` are what the day costs, `full ...` all of it anew."""
    connection = contest.connection
    connection.execute(f"create table everyone as from {RECORD}; drop view {RECORD}")
    with contest.phase("before"):
        connection.execute(f"create table {RECORD} as from everyone where not ({NEW})")
        _make(contest, "before")
    connection.execute(f"insert into {RECORD} from everyone where {NEW}")
    contest.count("arrived", f"{RECORD} where {NEW}")
    _make(contest, "day")
    told = connection.execute(f"select {', '.join(_COUNTS)} from rescored").fetchall()[0]
    contest.counts |= dict(zip(_COUNTS, told, strict=True))
    tables = [table.full_name for table in steps(contest.settings, LINK)]
    for number, name in enumerate(tables):
        connection.execute(f"create temp table day_{number} as from {name}")
    shutil.rmtree(contest.settings.cache)
    _make(contest, "full")
    different = " + ".join(
        f"(select count(*) from ((from {name} except all from day_{number}) union all "
        f"(from day_{number} except all from {name})))"
        for number, name in enumerate(tables)
    )
    contest.counts["different_rows"] = connection.execute(f"select {different}").fetchall()[0][0]
    contest.write(f"select record_id, entity_id from {LINK}")


def _make(contest: Contest, run: str) -> None:
    for table in steps(contest.settings, LINK):
        with contest.phase(f"{run} {table.full_name}"):
            materialise(contest.connection, table, contest.settings)
