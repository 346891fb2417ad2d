"""The figures of a build or a published version, as far as it has the tables they come from."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import duckdb

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import outcome
from jiceng_pipeline.landing.outcome import Outcome
from jiceng_pipeline.quality import history
from jiceng_pipeline.quality.rule import rules
from jiceng_pipeline.quality.run import CheckResult
from jiceng_pipeline.quality.tickets import of_outcomes
from jiceng_pipeline.warehouse.connection import has_table

_TICKETS = 500  # what a report lists; the table has all


def systems(connection: duckdb.DuckDBPyConnection) -> Mapping[str, Mapping[str, Any]]:
    """Return system → how its pull went and what became of its rows."""
    if not has_table(connection, "standard.conservation") or not has_table(connection, "landing.outcome"):
        return {}
    rows = connection.execute(
        """select outcome.system, outcome.status, conservation.rows_in, conservation.rows_accepted,
            conservation.rows_quarantined, conservation.cells_quarantined,
            cast(outcome.snapshot_date as varchar), outcome.is_stale
        from landing.outcome as outcome
        join standard.conservation as conservation on conservation.system = outcome.system
        order by all"""
    ).fetchall()
    names = ("status", "pulled", "accepted", "quarantined", "quarantined_cells", "snapshot_date", "stale")
    return {name: dict(zip(names, told, strict=True)) for name, *told in rows}


def outcomes(pulled: Mapping[str, Outcome]) -> Mapping[str, Mapping[str, Any]]:
    """Return the same of pulls that nothing was built from."""
    return {
        name: {
            "status": told.status,
            "pulled": told.rows_in,
            "accepted": told.rows_accepted,
            "quarantined": told.rows_rejected,
            "quarantined_cells": 0,
            "snapshot_date": None,
            "stale": told.status == "failed",
        }
        for name, told in sorted(pulled.items())
    }


def entities(connection: duckdb.DuckDBPyConnection) -> Mapping[str, int]:
    """Return how many residents, households and enterprises there are."""
    known = ("resident", "household", "enterprise")
    return {
        name: count(connection, f"governance.{name}") for name in known if has_table(connection, f"governance.{name}")
    }


def returned(connection: duckdb.DuckDBPyConnection) -> Mapping[str, int]:
    """Return rows per returned dataset."""
    names = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'returned' order by all"
    ).fetchall()
    return {name: count(connection, f"returned.{name}") for (name,) in names}


def checks(connection: duckdb.DuckDBPyConnection) -> Mapping[str, int]:
    """Return how many rules passed, warned, failed (a blocking one) or could not be judged."""
    found = {"passed": 0, "warned": 0, "failed": 0, "broken": 0}
    if has_table(connection, "quality.check_result"):
        for result, number in connection.execute(
            """select case when broken then 'broken' when passed then 'passed'
                when severity = 'block' then 'failed' else 'warned' end as result, count(*)
            from quality.check_result group by all order by all"""
        ).fetchall():
            found[result] = number
    return found


def check_results(connection: duckdb.DuckDBPyConnection, layer: str) -> list[CheckResult]:
    """Return a layer's results as the database has them; what failed is named in quality.failure."""
    rows = connection.execute(
        """select rule_id, passed, failed_count, total_count, broken, seconds
        from quality.check_result where layer = ? order by rule_id""",
        [layer],
    ).fetchall()
    return [
        CheckResult(rules()[rule], passed, failed, total, broken, (), seconds)
        for rule, passed, failed, total, broken, seconds in rows
        if rule in rules()
    ]


def tickets(connection: duckdb.DuckDBPyConnection) -> list[Mapping[str, Any]]:
    """Return the first tickets that are not closed, as mappings."""
    if not has_table(connection, "quality.ticket"):
        return []
    cursor = connection.execute(
        f"""select * from quality.ticket where state <> 'closed'
        order by kind <> 'delivery', not is_overdue, count desc, ticket_id limit {_TICKETS}"""
    )
    names = [column[0] for column in cursor.description or ()]
    return [_plain(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def unmet(settings: Settings) -> list[Mapping[str, Any]]:
    """Return the tickets that the pulls alone call for, where the run did not come as far as making all."""
    latest = [outcome.latest(settings, contract) for contract in contracts().values()]
    day = clock.business_date(settings)
    known = history.read(settings, day)
    return [_plain(asdict(each)) for each in of_outcomes([each for each in latest if each], day, known)]


def _plain(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        name: value if isinstance(value, int | str | list | tuple | None) else str(value) for name, value in row.items()
    }


def count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Return the number of rows of a table or view."""
    rows: int = connection.execute(f"select count(*) from {table}").fetchall()[0][0]
    return rows
