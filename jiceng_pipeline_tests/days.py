"""A community that lives for a month, synced every evening, and what was seen of it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import dagster as dg

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.simulation.advance import Day, advance
from jiceng_pipeline.simulation.life.pace import Pace
from jiceng_pipeline.simulation.running import running
from jiceng_pipeline.simulation.simulate import simulate
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.subscribers import Seen, Subscribers

START, DAYS, SEED = date(2026, 11, 24), 30, 7
PACE = Pace().times(6)  # so that in a month of two thousand people everything happens

QUESTIONS = {
    "conservation": "select system, rows_in, rows_accepted, rows_quarantined from standard.conservation",
    "notes": "select system, status, snapshot, snapshot_date from landing.outcome",
    "residents": "select count(*) from governance.resident",
    "by_community": "select community_code, count(*) from governance.resident group by 1 order by 1",
    "entities": "select record_id, entity_id from matching.resident_link order by 1",
    # what must never be: each of these finds nothing on any evening
    "without exactly one link": """
        select record_id from (
            select r.record_id from standard.resident_record as r
            left join matching.resident_link as l using (record_id)
            group by r.record_id having count(l.entity_id) <> 1)
        union all
        select record_id from (
            select r.record_id from standard.enterprise_record as r
            left join matching.enterprise_link as l using (record_id)
            group by r.record_id having count(l.entity_id) <> 1)""",
    "names what is not there": """
        select 'residence', resident_id from governance.residence anti join governance.resident using (resident_id)
        union all select 'address', address_id from governance.residence
        anti join governance.standard_address using (address_id)
        union all select 'operator', resident_id from governance.operation
        anti join governance.resident using (resident_id)
        union all select 'operation', enterprise_id from governance.operation
        anti join governance.enterprise using (enterprise_id)
        union all select 'household', household_id from governance.resident
        anti join governance.household using (household_id) where household_id is not null and death_date is null
        union all select 'head', head_resident_id from governance.household as h
        anti join governance.resident as r on r.resident_id = h.head_resident_id where head_resident_id is not null
        union all select 'tag', resident_id from governance.tag
        anti join governance.resident using (resident_id) where resident_id is not null
        union all select 'equipment', enterprise_id from governance.special_equipment
        anti join governance.enterprise using (enterprise_id) where enterprise_id is not null
        union all select 'community', community_code from governance.resident
        anti join governance.community using (community_code) where community_code is not null""",
    "history overlaps or is empty": """
        select entity_id, element_id from governance.resident_history as a
        where valid_to <= valid_from or exists (
            select 1 from governance.resident_history as b
            where b.entity_id = a.entity_id and b.element_id = a.element_id and b.valid_from > a.valid_from
                and (a.valid_to is null or b.valid_from < a.valid_to))""",
    "history ends elsewhere than now": """
        select resident_id, phone, dwelling_address, death_date from governance.resident
        except select resident_id, phone, dwelling_address, death_date
        from governance.resident_as_of((select max(business_date) from standard.business_day))""",
    "said": "select resident_id, phone, dwelling_address, death_date from governance.resident",
    "dead": "select count(*) from governance.resident where death_date is not null",
}


@dataclass(frozen=True)
class Evening:
    """One evening: what the day was, how the sync went, and what the version then served says."""

    number: int
    on: date
    lived: Day | None  # none on the first day
    exit_code: int
    version: str | None
    is_new: bool
    systems: Mapping[str, Mapping[str, Any]]
    deliveries: Mapping[str, str]  # systems with a ticket about their delivery → the reason
    seen: Mapping[str, list[tuple[Any, ...]]] = field(repr=False)

    @property
    def conservation(self) -> dict[str, tuple[int, int, int]]:
        """Return system → rows in, accepted, quarantined."""
        return {system: counts for system, *counts in map(tuple, self.seen["conservation"])}

    @property
    def snapshots(self) -> dict[str, str]:
        """Return system → the snapshot in force."""
        return {system: snapshot for system, _, snapshot, _ in self.seen["notes"]}


@dataclass(frozen=True)
class Month:
    """The home that was synced, all its evenings, the first day's in front, and what subscribers were told then."""

    settings: Settings
    evenings: list[Evening]
    subscribers: Subscribers
    delivered: list[list[Seen]]


def live(settings: Settings, days: int = DAYS, scale: str = "community") -> Iterator[Evening]:
    """Simulate a city, let it live and sync it every evening; the clock stands where the city is."""
    before = os.environ.get("JICENG_NOW")
    try:
        simulate(settings, scale=scale, seed=SEED, as_of=START)
        with running(settings), dg.DagsterInstance.ephemeral() as instance:
            for number in range(days + 1):
                lived = advance(settings, 1, PACE)[0] if number else None
                on = START + timedelta(days=number)
                os.environ["JICENG_NOW"] = f"{on}T22:00:00+08:00"
                yield _evening(settings, instance, number, on, lived)
    finally:
        if before is None:
            os.environ.pop("JICENG_NOW", None)
        else:
            os.environ["JICENG_NOW"] = before


def _evening(settings: Settings, instance: dg.DagsterInstance, number: int, on: date, lived: Day | None) -> Evening:
    report = run_sync(settings, instance=instance)
    told = report.to_json()
    version = publish.current(settings)
    assert version is not None, told["error"]
    with connect(version.database, settings=settings, read_only=True) as connection:
        seen = {name: connection.execute(sql).fetchall() for name, sql in QUESTIONS.items()}
    deliveries = {each["system"]: each["reason"] for each in told["tickets"] if each["kind"] == "delivery"}
    return Evening(
        number, on, lived, report.exit_code, report.version, report.is_new, told["systems"], deliveries, seen
    )
