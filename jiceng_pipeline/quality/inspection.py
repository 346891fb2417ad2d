"""Writing down in the ledger what a build found, before it is published; the same build twice writes once."""

from collections.abc import Mapping
from typing import Any

import duckdb

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.kinds.inspection import Figures, Inspection, Standing, Verdict
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.quality import history, life, tables, tickets
from jiceng_pipeline.quality.life import Name

ACTOR = "sync"
_ENTITIES = ("resident", "household", "enterprise")


def record(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Inspection | None:
    """Append the inspection of a build whose tickets are made; return it, None where nothing was to be said.

    A build of an earlier day than the last inspection's is a replay: it writes nothing.
    """
    day = clock.business_date(settings)
    with open_ledger(settings) as ledger:
        known = history.of(ledger)
        last = known.inspections[-1].body if known.inspections else None
        if last and last.day > day:
            return None
        made = of_build(connection, settings, known)
        if last and _at_rest(last) == made:
            return None
        ledger.append("inspection", made.subject, made, ACTOR)
        return made


def of_build(connection: duckdb.DuckDBPyConnection, settings: Settings, known: history.History) -> Inspection:
    """Return what the build found, beside what is known already."""
    day = clock.business_date(settings)
    standing = life.lives(known.inspections)
    landed = tickets.landing(connection)
    present = {
        key: Name(*parts)
        for key, *parts in connection.execute(
            "select ticket_id, system, kind, cause, record_key from quality.ticket where count > 0 order by ticket_id"
        ).fetchall()
    }
    change = life.step(standing, present, landed, day, tickets.unjudged(connection))
    existing = tables.existing(connection)
    return Inspection(
        day=day,
        systems=_systems(connection),
        checks=_checks(connection),
        entities={name: _count(connection, f"governance.{name}") for name in _ENTITIES},
        conflicts=_conflicts(connection) if "governance.conflict" in existing else 0,
        tickets={
            system: Standing(open=still_open, overdue=overdue)
            for system, still_open, overdue in connection.execute(
                """select system, count(*), count(*) filter (where is_overdue) from quality.ticket
                where state <> 'closed' group by system order by system"""
            ).fetchall()
        },
        opened=life.grouped(change.opened.values()),
        reopened=change.reopened,
        closed=life.closings(change.closed),
        unseen=change.unseen,
    )


def _at_rest(told: Inspection) -> Inspection:
    """Return what the same build would say once more: all that it changed has happened."""
    return told.model_copy(update={"opened": (), "reopened": (), "closed": ()})


def _systems(connection: duckdb.DuckDBPyConnection) -> Mapping[str, Figures]:
    measured: dict[str, dict[str, Any]] = {}
    for system, measure, element, code, value in connection.execute(
        "select system, measure, element_id, code, value from quality.figure order by all"
    ).fetchall():
        told = measured.setdefault(system, {"nulls": {}, "invalid": {}, "codes": {}})
        if measure == "codes":
            told["codes"].setdefault(element, {})[code] = value
        elif measure in {"nulls", "invalid"} and value:
            told[measure][element] = value
        elif measure == "nulls":
            told["nulls"][element] = 0.0
    quarantine: dict[str, dict[str, int]] = {}
    for system, column, count in connection.execute(
        "select system, coalesce(source_column, ''), count(*) from standard.quarantine group by all order by all"
    ).fetchall():
        quarantine.setdefault(system, {})[column] = count
    return {
        system: Figures(
            snapshot=snapshot,
            snapshot_date=taken,
            status=status,
            rows_in=rows_in or 0,
            rows=rows or 0,
            rows_quarantined=bad or 0,
            quarantine=quarantine.get(system, {}),
            **measured.get(system, {}),
        )
        for system, snapshot, taken, status, rows_in, rows, bad in connection.execute(
            """select o.system, o.snapshot, o.snapshot_date, o.status, c.rows_in, c.rows_accepted, c.rows_quarantined
            from landing.outcome as o left join standard.conservation as c on c.system = o.system order by o.system"""
        ).fetchall()
    }


def _checks(connection: duckdb.DuckDBPyConnection) -> Mapping[str, Verdict]:
    owners: dict[str, dict[str, int]] = {}
    for rule, system, count in connection.execute(
        "select rule_id, system, failed_count from quality.failing order by all"
    ).fetchall():
        owners.setdefault(rule, {})[system] = count
    return {
        rule: Verdict(passed=passed, broken=broken, failed=failed, total=total, owners=owners.get(rule, {}))
        for rule, passed, broken, failed, total in connection.execute(
            "select rule_id, passed, broken, failed_count, total_count from quality.check_result order by rule_id"
        ).fetchall()
    }


def _conflicts(connection: duckdb.DuckDBPyConnection) -> int:
    """Return of how many cells systems disagree, beyond how they write it."""
    return _count(connection, "governance.conflict where kind = 'differs'")


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    found: int = connection.execute(f"select count(*) from {table}").fetchall()[0][0]
    return found
