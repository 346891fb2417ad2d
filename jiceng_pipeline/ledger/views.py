"""Events of one kind with their bodies typed: all of them, or only what stands now."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import ValidationError

from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.ledger.chain import Event
from jiceng_pipeline.ledger.kind import Body, name_of
from jiceng_pipeline.ledger.store import Ledger

B = TypeVar("B", bound=Body)


@dataclass(frozen=True)
class Entry(Generic[B]):
    """An event whose body is a `B`."""

    seq: int
    subject: str
    body: B
    actor: str
    at: datetime
    receipt: str


def entries(ledger: Ledger, model: type[B], after: int = 0, until: int | None = None) -> Iterator[Entry[B]]:
    """Yield the events of `model`'s kind in order, e.g. `entries(ledger, Decision)`."""
    for event in ledger.events(name_of(model), after, until):
        yield typed(event, model)


def standing(ledger: Ledger, model: type[B], until: int | None = None) -> Mapping[str, Entry[B]]:
    """Return subject → the last event on it, in order of the subjects' last events."""
    return last_words(entries(ledger, model, until=until))


def last_words(said: Iterable[Entry[B]]) -> Mapping[str, Entry[B]]:
    """Return subject → the last of these entries on it, in order of the subjects' last entries."""
    found: dict[str, Entry[B]] = {}
    for entry in said:
        found.pop(entry.subject, None)
        found[entry.subject] = entry
    return found


def typed(event: Event, model: type[B]) -> Entry[B]:
    """Return an event with its body typed; raise IntegrityError where that does not fit."""
    try:
        body = model.model_validate_json(event.text)
    except ValidationError:
        raise IntegrityError(
            f"账本第 {event.seq} 条的内容不合 {event.kind} 的格式", where="账本", cure="核对账本，或升级程序"
        ) from None
    return Entry(event.seq, event.subject, body, event.actor, datetime.fromisoformat(event.at), event.receipt)
