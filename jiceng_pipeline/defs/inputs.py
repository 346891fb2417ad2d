"""What a version is a function of: landing, ledger, model versions, business date and this code."""

from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.core.settings import PACKAGE, Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import outcome, snapshot
from jiceng_pipeline.ledger import kind, views
from jiceng_pipeline.ledger.kinds.model import Model
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.warehouse import content_hash, publish

_CODE = {".py", ".yaml", ".csv", ".sql"}


def ledger_seq(settings: Settings) -> int:
    """Return the number of the last event that bears on data."""
    with open_ledger(settings) as ledger:
        return max((event.seq for each in kind.bearing_on_data() for event in ledger.events(each)), default=0)


def check_ledger(settings: Settings) -> None:
    """Raise IntegrityError where the ledger is gone, or shorter than it was when the served version was made.

    A build of it would say nothing of what people decided and collected since. Nothing is made here, for a new ledger
    would stand in the way of one that is put back.
    """
    served = publish.current(settings)
    known = served.manifest["inputs"].get("ledger_seq", 0) if served else 0
    held = 0
    if settings.ledger.exists():
        with open_ledger(settings) as ledger:
            held = ledger.head().seq
    if held < known:
        raise IntegrityError(
            f"账本只有 {held} 条，当前版本用到了第 {known} 条：账本丢了，或换成了旧的",
            where=str(settings.ledger),
            cure="从备份恢复 ledger.sqlite 和 ledger.head；没有更新的备份，就移开 published/current 再同步，缺的要重做",
        )


def inputs(settings: Settings, until: int) -> Mapping[str, Any]:
    """Return the inputs of a build made now of the ledger up to event `until`, as the manifest records them."""
    with open_ledger(settings) as ledger:
        standing = views.standing(ledger, Model, until=until).values()
        models = {entry.body.entity: entry.body.version for entry in standing}
    taken = {name: snapshot.in_force(settings, contract) for name, contract in contracts().items()}
    return {
        "landing": {name: found.name if found else None for name, found in taken.items()},
        "ledger_seq": until,
        "models": models,
        "business_date": clock.business_date(settings).isoformat(),
        "code_version": code_version(settings.sql_models, settings.reference, settings.departments),
    }


def pulled(settings: Settings) -> Mapping[str, str | None]:
    """Return the stamp of every system's last pull, so that a replay takes no later outcome into account."""
    return {name: outcome.latest_stamp(settings, contract) for name, contract in contracts().items()}


def is_same(settings: Settings, made_of: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Say whether a build made now would say what the one made of `made_of` does.

    What a sync itself wrote down of what it found is no news to a build of the same things.
    """
    known = made_of.get("ledger_seq", 0)
    if {**now, "ledger_seq": known} != made_of:
        return False
    with open_ledger(settings) as ledger:
        news = (each for each in kind.bearing_on_data() if not kind.body_of(each).is_finding)
        return not any(True for each in news for _ in ledger.events(each, after=known))


def with_pinned(settings: Settings, before: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the inputs of a build, with the models that it pinned itself because none was in force.

    Where anything else that bears on data was said meanwhile, `before` stands, and the next sync builds anew.
    """
    with open_ledger(settings) as ledger:
        news = (each for each in kind.bearing_on_data() if not kind.body_of(each).is_finding)
        later = [event for each in news for event in ledger.events(each, after=before["ledger_seq"])]
        if not later or any(event.kind != "model" for event in later):
            return before
        models = {entry.body.entity: entry.body.version for entry in views.standing(ledger, Model).values()}
    return {**before, "models": models, "ledger_seq": max(event.seq for event in later)}


@cache
def code_version(*folders: Path) -> str:
    """Return a hash of this package, of what it hashes by, and of SQL, reference data and contracts in `folders`."""
    seen = sha256(content_hash.METHOD.encode())
    for folder in (PACKAGE, *folders):
        for path in _files(folder):
            seen.update(f"{path.relative_to(folder)}\0".encode())
            seen.update(path.read_bytes())
    return seen.hexdigest()[:16]


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.suffix in _CODE and path.is_file())
