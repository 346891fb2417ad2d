"""What a day costs this engine: the same records arrive as with `splink_day`; then all of it anew, to compare.

Both make the same tables of all records, each in the file of a version of its own. The day has what the evening
before left, after a full run and one other day; the full run has the model only.
"""

import shutil
from pathlib import Path

import duckdb

from benchmarks.matching.contest import Contest
from benchmarks.matching.dataset import LINK, RECORD, steps
from benchmarks.matching.splink_day import NEW, SHARE
from jiceng_pipeline.matching import takeover
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import blank
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.table import materialise

_COUNTS = ("records", "changed", "to_place", "weighed_anew", "weighed_beside")
_OLDER = NEW.partition("<")[0] + f">= {2 * round(SHARE * 1_000_000)}"  # what was there before the other day


def engine_day(contest: Contest) -> None:
    """Link the old records, then two days'; the phases `day ...` are what a day costs, `full ...` all of it anew."""
    made = contest.settings.home / "versions"
    made.mkdir()
    _make(contest, made / "before", _OLDER)
    _make(contest, made / "other", f"not ({NEW})")
    _make(contest, made / "day", "true")
    shutil.rmtree(contest.settings.cache)
    _make(contest, made / "full", "true")
    with connect(made / "full", settings=contest.settings, attach={"day": made / "day"}) as version:
        different = " + ".join(
            f"(select count(*) from ((from {name} except all from day.{name}) union all "
            f"(from day.{name} except all from {name})))"
            for name in (table.full_name for table in steps(contest.settings, LINK))
        )
        contest.counts["different_rows"] = version.execute(f"select {different}").fetchall()[0][0]
    contest.connection.execute(f"attach {literal(str(made / 'full'))} as made (read_only)")
    contest.write(f"select record_id, entity_id from made.{LINK}")


def _make(contest: Contest, path: Path, there: str) -> None:
    """Make a version of the records that are there; that these are in it already is not counted."""
    run = path.name
    with contest.phase(f"{run} begin"):
        takeover.begin(contest.settings, path)
    with connect(path, settings=contest.settings) as version:
        source = literal(str(contest.dataset.table(RECORD)))
        version.execute("create schema if not exists staging")
        blank.create(version, RECORD, f"from read_parquet({source}) where {there}")  # as a build makes it
        version.execute("checkpoint")
        for table in steps(contest.settings, LINK):
            with contest.phase(f"{run} {table.full_name}"):
                materialise(version, table, contest.settings)
        with contest.phase(f"{run} write"):
            version.execute("checkpoint")
        if run == "day":
            _count(contest, version)


def _count(contest: Contest, version: duckdb.DuckDBPyConnection) -> None:
    arrived = version.execute(f"select count(*) from {RECORD} where {NEW}").fetchall()[0][0]
    told = version.execute(f"select {', '.join(_COUNTS)} from rescored").fetchall()[0]
    contest.counts |= {"arrived": arrived, **dict(zip(_COUNTS, told, strict=True))}
