"""`jiceng simulate --days N`: the city a day on, and what every office makes of it, N times.

A day is made of the state of the day before and nothing else: first every township lives it, then every
office that works that day writes, at last `city.json` says that it is done. Killed before that, the same
day is made again, with the same result.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Any

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.progress import Step, report
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation import history, state
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.life.pace import Pace
from jiceng_pipeline.simulation.office_day import Office, write
from jiceng_pipeline.simulation.running import database, transition
from jiceng_pipeline.simulation.store import stores
from jiceng_pipeline.simulation.township import Lived, Task, Written, live
from jiceng_pipeline.simulation.workers import Run, workers

ALONE = 8  # townships that are not worth a second process


@dataclass(frozen=True)
class Day:
    """One day that was made: what happened, and how many records changed in each system that wrote."""

    day: int
    date: date
    events: Mapping[str, int]
    changed: Mapping[str, int]


def advance(settings: Settings, days: int = 1, pace: Pace | None = None) -> list[Day]:
    """Move the city that is there on by some days and return what they were.

    Raises UsageError where there is no city.
    """
    if days < 1:
        raise UsageError("天数不能小于 1", where="--days", cure="写 1 或更大的整数")
    made, done = _made(settings), []
    townships = list(made["townships"])
    with workers(alone=len(townships) < ALONE) as run:
        for number in range(days):
            with transition(settings), database(settings) as url:
                day = _day(run, settings, _made(settings), pace or Pace(), url)
            done.append(day)
            report(Step("simulate", day.date.isoformat(), sum(day.events.values()), number + 1, days))
    return done


def repair(settings: Settings) -> Day | None:
    """Make the day again in whose middle the simulation was killed, if it was; its pace was noted down."""
    doing = _made(settings).get("doing")
    return advance(settings, 1, Pace(**doing))[0] if doing else None


def _day(run: Run, settings: Settings, made: dict[str, Any], pace: Pace, url: str) -> Day:
    day = int(made.get("day", 0)) + 1
    today = date.fromisoformat(made["as_of"]) + timedelta(days=day)
    note = settings.simulated / "city.json"
    files.write_json(note, made | {"doing": asdict(pace)})
    rates = _rates(made)
    tasks = [Task(settings, township, day, pace, rates) for township in made["townships"]]
    lived = list(run(live, tasks))
    changed = dict(_offices(run, settings, lived, day, today, url))
    events: Counter[str] = Counter()
    for each in lived:
        events.update(each.events["kind"].to_pylist())
    history.add(settings, [each.events for each in lived], day, today)
    made.pop("doing", None)
    files.write_json(note, made | {"day": day, "today": today.isoformat()})
    for old in (settings.simulated / "state").iterdir():
        if old.name != str(day):
            shutil.rmtree(old)
    return Day(day, today, dict(sorted(events.items())), changed)


def _offices(
    run: Run, settings: Settings, lived: Sequence[Lived], day: int, today: date, url: str
) -> Iterator[tuple[str, int]]:
    """Let the offices that work today write; yield the systems and how many of their records change."""
    tasks = [
        (
            Office(settings, store.SYSTEM, day, today, url),
            [each.written[store.SYSTEM] for each in lived],
            {each.township: each.wordings[store.SYSTEM] for each in lived if store.SYSTEM in each.wordings},
        )
        for store in stores().values()
        if store.RHYTHM.works_on(today)
    ]
    yield from zip((office.system for office, *_ in tasks), run(_office, tasks), strict=True)


def _office(task: tuple[Office, list[Written], dict[str, dict[str, str]]]) -> int:
    return write(*task)


def _made(settings: Settings) -> dict[str, Any]:
    """Return what `city.json` says of the city that is there."""
    try:
        made: dict[str, Any] = json.loads((settings.simulated / "city.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise UsageError("还没有模拟城市", where=str(settings.simulated), cure="先运行 jiceng simulate") from None
    at = state.folder(settings, next(iter(made["townships"])), int(made.get("day", 0)))
    if not at.is_dir():
        raise UsageError("模拟城市的状态不在了", where=str(at), cure="删去 city.json 后重新运行 jiceng simulate")
    return made


def _rates(made: Mapping[str, Any]) -> Rates:
    known = {each.name for each in fields(Rates)}
    return Rates(**{name: value for name, value in made["rates"].items() if name in known})
