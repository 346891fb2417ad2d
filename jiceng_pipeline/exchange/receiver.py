"""接收 (receiver): the other end of a subscription: takes batches over in order, each once, and says what it has.

Needs no knowledge of the instance that sends. A batch is taken over in one transaction with the note that it was,
so a crash, a double or a mixed order changes nothing: what has been taken over is passed by, what comes too early is
refused with what is here already.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.exchange import delivery_batch
from jiceng_pipeline.exchange.delivery_batch import Batch, Have
from jiceng_pipeline.exchange.receiver_store import Store


@dataclass(frozen=True)
class Taken:
    """What became of a batch: `applied`, `known` (taken over before) or `early` (one before it is missing)."""

    outcome: str
    have: Have


def take(store: Store, batch: Batch) -> Taken:
    """Take one batch over; raise IntegrityError where it is not the one of its number that was taken before."""
    told = batch.manifest
    name = told["subscription"]
    have = store.have(name)
    if batch.number <= have.number:
        if store.hash(name, batch.number) not in {None, batch.hash}:
            raise IntegrityError(
                "同一批号内容不同", where=f"{name} 第 {batch.number} 批", cure="查明是谁改动过，再请对方重发全量"
            )
        return Taken("known", have)
    is_next = batch.number == have.number + 1 and told["previous_hash"] == have.hash
    if not is_next and not begins(told):
        return Taken("early", have)
    store.apply(batch)
    return Taken("applied", Have(batch.number, batch.hash))


def begins(manifest: Mapping[str, Any]) -> bool:
    """Say whether a batch needs nothing before it: the first of a baseline."""
    return bool(manifest["kind"] == "baseline" and manifest["part"] == 1)


def take_folder(store: Store, folder: Path) -> dict[str, Have]:
    """Take over what lies in a delivery folder, every subscription of it, and write down what is here.

    Raise IntegrityError for a batch that was changed on its way, when the other subscriptions are taken over.
    """
    found: dict[str, Have] = {}
    changed: list[IntegrityError] = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        name = place.name
        found[name] = store.have(name)
        try:
            for path in sorted(each for each in place.iterdir() if each.is_dir() and each.name.isdigit()):
                if int(path.name) > found[name].number:
                    found[name] = take(store, delivery_batch.read(path)).have
        except IntegrityError as error:
            changed.append(error)
        delivery_batch.write_have(place, found[name])
    _raise_first(changed)
    return found


def take_dropped(store: Store, folder: Path) -> dict[str, Have]:
    """Take over what lies in a drop directory; a batch whose `.json` is not there yet is not there yet.

    Raise IntegrityError for a batch that was changed on its way, when all others are taken over.
    """
    found: dict[str, Have] = {}
    changed: list[IntegrityError] = []
    for path in sorted(folder.glob("*.json")):
        try:
            batch = delivery_batch.read_dropped(path)
            found[batch.manifest["subscription"]] = take(store, batch).have
        except IntegrityError as error:
            changed.append(error)
    _raise_first(changed)
    return found


def _raise_first(changed: Sequence[IntegrityError]) -> None:
    if changed:
        raise changed[0]
