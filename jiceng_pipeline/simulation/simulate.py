"""`jiceng simulate`: the city made true, every department's store written, and the truth beside them."""

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.progress import Step, report
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation import errors, postgresql, truth
from jiceng_pipeline.simulation.city import RESIDENTS, City, make_city
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.reference import Reference
from jiceng_pipeline.simulation.running import Servers, database, place, transition
from jiceng_pipeline.simulation.store import Records, Store, stores

DEFAULT_SEED = 320613005


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


def simulate(
    settings: Settings,
    scale: str = "street",
    seed: int = DEFAULT_SEED,
    as_of: date | None = None,
    rates: Rates | None = None,
    profile: str = "default",
) -> Summary:
    """Make the city and write every store; with the same parameters nothing is written again.

    `rates` stand for those of the profile (`default` or `harsh`).
    Without `as_of` a city that is there keeps its day, a new one is seen as of today.
    """
    if scale not in RESIDENTS:
        raise UsageError(f"没有 {scale} 这种规模", where="--scale", cure=f"改用 {'、'.join(RESIDENTS)}")
    rates = rates or errors.profile(profile)
    with transition(settings):
        wanted = {"scale": scale, "seed": seed, "rates": asdict(rates), "made_by": _made_by(settings)}
        made = _made(settings)
        if as_of:
            wanted["as_of"] = as_of.isoformat()
        if made and all(made.get(name) == value for name, value in wanted.items()):
            return _summary(made, is_new=False)
        day = as_of or clock.business_date(settings)
        city = make_city(Reference.read(settings.reference), scale=scale, seed=seed, as_of=day)
        return _summary(_write(settings, city, rates, wanted | {"as_of": day.isoformat()}), is_new=True)


def _write(settings: Settings, city: City, rates: Rates, wanted: dict[str, Any]) -> dict[str, Any]:
    """Write stores and truth; `city.json` goes first and comes last, so a half-written city is none."""
    note = settings.simulated / "city.json"
    note.unlink(missing_ok=True)
    written: dict[str, tuple[Store, Records]] = {}
    with database(settings) as url:
        for done, (system, store) in enumerate(found := stores().items()):
            records = store.records(city, rates)
            report(Step("simulate", system, records.table.num_rows, done, len(found)))
            where = place(settings, system, Servers(url, ""))
            shutil.rmtree(where.folder, ignore_errors=True)
            store.write(records, city.as_of, where)
            written[system] = store, records
    truth.write(truth.truth(settings), city, written)
    made = wanted | {
        "residents": len(city.people),
        "households": int(city.people.household.max()) + 1,
        "enterprises": len(city.enterprises),
        "records": {system: records.table.num_rows for system, (_, records) in written.items()},
    }
    files.write_json(note, made)
    return made


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
