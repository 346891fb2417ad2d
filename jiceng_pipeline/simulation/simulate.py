"""`jiceng simulate`: the city made true, every department's store written, and the truth beside them."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.progress import Step, report
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation import error_model, errors, offices, postgresql, state, truth
from jiceng_pipeline.simulation.city import City, make_city
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.plan import SCALES, Shard, plan
from jiceng_pipeline.simulation.reference import Reference
from jiceng_pipeline.simulation.running import MARIADB, Servers, database, place, transition
from jiceng_pipeline.simulation.store import stores
from jiceng_pipeline.simulation.workers import Run, workers

DEFAULT_SEED = 320613005
MEDICAL_STORES = ("sqlite", MARIADB)


@dataclass(frozen=True)
class Summary:
    """What the simulated city holds; `is_new` is false where it was there already."""

    scale: str
    seed: int
    as_of: date
    residents: int
    households: int
    enterprises: int
    records: dict[str, int]
    is_new: bool = True


@dataclass(frozen=True)
class Task:
    """What a process needs to know to make one township."""

    settings: Settings
    scale: str
    seed: int
    as_of: date
    rates: Rates
    shard: Shard


@dataclass(frozen=True)
class Made:
    """What one township holds."""

    residents: int
    households: int
    enterprises: int
    records: dict[str, int]


def simulate(
    settings: Settings,
    scale: str = "street",
    seed: int = DEFAULT_SEED,
    as_of: date | None = None,
    rates: Rates | None = None,
    profile: str = "default",
    shards: Sequence[Shard] | None = None,
    medical_store: str = "sqlite",
) -> Summary:
    """Make the city and write every store; with the same parameters nothing is written again.

    `rates` stand for those of the profile (`default` or `harsh`), `shards` for those of the scale.
    `medical_store` is where the medical insurance keeps its table: embedded in `sqlite`, or in a `mariadb` server.
    Without `as_of` a city that is there keeps its day, a new one is seen as of today.
    """
    if scale not in SCALES:
        raise UsageError(f"没有 {scale} 这种规模", where="--scale", cure=f"改用 {'、'.join(SCALES)}")
    if medical_store not in MEDICAL_STORES:
        known = "、".join(MEDICAL_STORES)
        raise UsageError(f"医保库不能放在 {medical_store}", where="--medical-store", cure=f"改用 {known}")
    rates = rates or errors.profile(profile)
    with transition(settings):
        shards = shards or plan(reference_of(settings.reference), scale)
        townships = {shard.township: shard.residents for shard in shards}
        wanted = {"scale": scale, "seed": seed, "rates": asdict(rates), "made_by": _made_by(settings)}
        wanted |= {"townships": townships, "medical_store": medical_store, **error_model.noted(rates)}
        made = _made(settings)
        if as_of:
            wanted["as_of"] = as_of.isoformat()
        if made and all(made.get(name) == value for name, value in wanted.items()):
            return _summary(made, is_new=False)
        day = as_of or clock.business_date(settings)
        tasks = [Task(settings, scale, seed, day, rates, shard) for shard in shards]
        return _summary(_write(tasks, wanted | {"as_of": day.isoformat()}), is_new=True)


def _write(tasks: Sequence[Task], wanted: dict[str, Any]) -> dict[str, Any]:
    """Write everything; `city.json` goes first and comes last, so a half-written city is none."""
    settings, day = tasks[0].settings, tasks[0].as_of
    note = settings.simulated / "city.json"
    note.unlink(missing_ok=True)
    for name in ("offices", "truth", "state", "stores"):
        shutil.rmtree(settings.simulated / name, ignore_errors=True)
    with workers(alone=len(tasks) == 1) as run:
        townships = list(_made_townships(run, tasks))
        records = {system: sum(each.records[system] for each in townships) for system in stores()}
        with database(settings, wanted["medical_store"]) as url:
            written = write_stores(run, settings, day, url, records)
            truth.write(truth.place(settings), settings, [task.shard.township for task in tasks])
            for done, system in enumerate(written):
                report(Step("simulate", system, records[system], len(tasks) + done, len(tasks) + len(records)))
    made = wanted | {
        "residents": sum(each.residents for each in townships),
        "households": sum(each.households for each in townships),
        "enterprises": sum(each.enterprises for each in townships),
        "records": records,
    }
    files.write_json(note, made)
    return made


def _made_townships(run: Run, tasks: Sequence[Task]) -> Iterator[Made]:
    for done, (task, made) in enumerate(zip(tasks, run(_make_township, tasks), strict=True)):
        report(Step("simulate", task.shard.name, sum(made.records.values()), done, len(tasks) + len(stores())))
        yield made


def _make_township(task: Task) -> Made:
    """Make one township true, and let every office write down what it knows of it."""
    reference = reference_of(task.settings.reference)
    city = make_city(reference, scale=task.scale, seed=task.seed, as_of=task.as_of, shard=task.shard)
    _keep_shard(task.settings, city)
    records = {}
    for system, store in stores().items():
        written = store.records(city, task.rates)
        offices.keep(task.settings, system, task.shard, written)
        records[system] = written.table.num_rows
    return Made(len(city.people), task.shard.households, len(city.enterprises), records)


def _keep_shard(settings: Settings, city: City) -> None:
    """Keep a township's truth: for the evaluation, and for the days that follow."""
    truth.keep(truth.place(settings), city)
    state.save(city, state.folder(settings, city.shard.township, city.day))


def write_stores(run: Run, settings: Settings, day: date, url: str, records: Mapping[str, int]) -> Iterator[str]:
    """Write every store from what its office holds, the largest first; yield the systems as they are done."""
    order = sorted(records, key=lambda system: (-records[system], system))
    return run(_write_store, [(settings, system, day, url) for system in order])


def _write_store(told: tuple[Settings, str, date, str]) -> str:
    settings, system, day, url = told
    where = place(settings, system, Servers(url, ""))
    shutil.rmtree(where.folder, ignore_errors=True)
    stores()[system].write(offices.told(settings, system), day, where)
    return system


@cache
def reference_of(folder: Path) -> Reference:
    """Return the reference tables, read once in a process."""
    return Reference.read(folder)


def _made(settings: Settings) -> dict[str, Any] | None:
    """Return what `city.json` says of the city that is there."""
    try:
        made: dict[str, Any] = json.loads((settings.simulated / "city.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return made


def _made_by(settings: Settings) -> str:
    """Return a hash of all that shapes the city: this code, the reference tables, the server's version."""
    sources = [*Path(__file__).parent.rglob("*.py"), *settings.reference.glob("*.csv")]
    digest = sha256(postgresql.programs().parent.name.encode())
    for path in sorted(sources, key=lambda each: (each.suffix, each.name)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _summary(made: dict[str, Any], *, is_new: bool) -> Summary:
    return Summary(
        made["scale"],
        made["seed"],
        date.fromisoformat(made["as_of"]),
        made["residents"],
        made["households"],
        made["enterprises"],
        made["records"],
        is_new,
    )
