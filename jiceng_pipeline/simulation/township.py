"""A township's day: it lives it, the offices are told in their time, and whom they write of is cut out for them."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation import offices, portion, state
from jiceng_pipeline.simulation.chance import Ints, Lots, happens
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.journal import SHARD
from jiceng_pipeline.simulation.life.day import day as one_day
from jiceng_pipeline.simulation.life.draft import ENTERPRISE, PERSON, YEAR
from jiceng_pipeline.simulation.life.pace import Pace
from jiceng_pipeline.simulation.mergers import days_of, wordings
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.simulate import reference_of
from jiceng_pipeline.simulation.store import Store, stores, whole
from jiceng_pipeline.simulation.text import Text

NOTICES = "notices.parquet"
SCHEMA = pa.schema([("system", pa.string()), ("subject", pa.string()), ("serial", pa.int64()), ("due", pa.int32())])


@dataclass(frozen=True)
class Task:
    """What a process needs to know to let a township live a day."""

    settings: Settings
    township: str
    day: int
    pace: Pace
    rates: Rates


@dataclass(frozen=True)
class Written:
    """What an office writes of a township today, of whom it heard and whose records it looks through for errors."""

    heard: Text  # entities
    reviewed: Text
    rows: Any  # of both: the source's columns, ENTITY, ERRORS and SHARD


@dataclass(frozen=True)
class Lived:
    """What the offices that work today need of a township's day."""

    township: str
    events: Any
    written: dict[str, Written]
    wordings: dict[str, dict[str, str]]  # of the offices that write new names of communities throughout today


def live(task: Task) -> Lived:
    """Make a township's day and keep it; the state of the day before stays."""
    before = state.folder(task.settings, task.township, task.day - 1)
    after = state.folder(task.settings, task.township, task.day)
    city, events = one_day(state.load(reference_of(task.settings.reference), before), task.pace)
    notices = pa.concat_tables([_waiting(before), *_new(city, events)]).combine_chunks()
    at_work = {system: store for system, store in stores().items() if store.RHYTHM.works_on(city.as_of)}
    is_due = pc.and_(
        pc.less_equal(notices["due"], task.day), pc.is_in(notices["system"], pa.array(list(at_work), pa.string()))
    )
    state.save(city, after)
    with whole(after / NOTICES) as draft:
        pq.write_table(notices.filter(pc.invert(is_due)), draft, compression="lz4")
    told = {system: _told(city, store, notices.filter(is_due), task.pace) for system, store in at_work.items()}
    return Lived(task.township, events, _written(city, told, task.rates), _wordings(city, at_work))


def _waiting(before: Path) -> Any:
    path = before / NOTICES
    return pq.read_table(path, partitioning=None) if path.exists() else SCHEMA.empty_table()


def _new(city: City, events: Any) -> list[Any]:
    """Return what each office hears of the day's events, and when."""
    found = []
    for system, store in stores().items():
        about = ENTERPRISE if is_of_firms(store) else PERSON
        mine = events.filter(pc.equal(events["subject"], about))
        heard = store.RHYTHM.heard(mine, city.day, city.seed, system)
        found.append(heard.add_column(0, "system", pa.repeat(pa.scalar(system), heard.num_rows)).cast(SCHEMA))
    return found


def _told(city: City, store: Store, due: Any, pace: Pace) -> tuple[Ints, Ints]:
    """Return the rows an office heard of, and those of whom it looks through its records."""
    serials = city.enterprise_serial if is_of_firms(store) else city.person_serial
    heard = np.unique(due.filter(pc.equal(due["system"], store.SYSTEM))["serial"].to_numpy())
    since = {"day": 1, "week": 7, "month": 30, "year": YEAR}[store.RHYTHM.every]
    lots = Lots(serials, city.seed, store.SYSTEM, "reviews", str(city.day))
    rows = portion.rows_of(heard, serials)
    reviewed = np.flatnonzero(happens(lots, len(serials), min(1.0, pace.correction * since / YEAR)))
    return rows, np.setdiff1d(reviewed, rows)


def _written(city: City, told: dict[str, tuple[Ints, Ints]], rates: Rates) -> dict[str, Written]:
    """Let the offices write of the part of the city that they are told of."""
    first = [np.arange(1)]  # so that there is somebody in it
    people = portion.every([*first, *(rows for each in told for rows in told[each] if not is_of_firms(stores()[each]))])
    firms = portion.every([*first, *(rows for each in told for rows in told[each] if is_of_firms(stores()[each]))])
    part = portion.part(city, people, firms[firms < len(city.enterprises)])
    return {system: _written_by(stores()[system], city, part, *rows, rates) for system, rows in told.items()}


def _written_by(store: Store, city: City, part: City, heard: Ints, reviewed: Ints, rates: Rates) -> Written:
    ids, serials, mine = (
        (city.enterprise_id, city.enterprise_serial, part.enterprise_serial)
        if is_of_firms(store)
        else (city.person_id, city.person_serial, part.person_serial)
    )
    only = np.isin(mine, serials[np.r_[heard, reviewed]])
    rows = offices.rows(store.records(part, rates, only))
    rows = rows.append_column(SHARD, pa.repeat(pa.scalar(city.shard.township), rows.num_rows))
    return Written(ids.take(pa.array(heard)), ids.take(pa.array(reviewed)), rows)


def is_of_firms(store: Store) -> bool:
    """Return whether a store is about enterprises."""
    return store.ENTITY in {"enterprise", "equipment"}


def _wordings(city: City, at_work: dict[str, Store]) -> dict[str, dict[str, str]]:
    found = {}
    for day in days_of(city):
        for system, store in at_work.items():
            if store.COMMUNITY and _renames_now(store.RHYTHM, day, city.as_of):
                found[system] = wordings(city, day)
    return found


def _renames_now(rhythm: Rhythm, merger: date, today: date) -> bool:
    """Return whether this is the first day of work on which the office writes the new name throughout."""
    if rhythm.merges is None or (today - merger).days < rhythm.merges:
        return False
    between = range(rhythm.merges, (today - merger).days)
    return not any(rhythm.works_on(date.fromordinal(merger.toordinal() + days)) for days in between)
