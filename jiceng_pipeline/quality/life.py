"""A ticket's life: opened, closed by the evidence of a later pull, reopened; a pure function of what syncs found.

A failure that is gone closes its ticket only where a later pull may have mended it: of the ticket's own
system or, where a rule looks at several systems at once, of any. What vanishes otherwise, say because a rule
was changed, stays open until the next pull.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256

from jiceng_pipeline.ledger.kinds.inspection import Closed, Inspection, Opened
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.quality.rule import rules

Landing = Mapping[str, str | None]
_OF_ONE_SYSTEM = {"landing", "standard"}  # layers whose rules look at one system's rows at a time


@dataclass(frozen=True)
class Name:
    """What a ticket is about, for good: a cause at an owner, and one record unless it is systemic."""

    system: str
    kind: str
    cause: str
    key: str | None = None

    @property
    def ticket_id(self) -> str:
        """Return the id: the same whatever day it is."""
        parts = (self.system, self.kind, self.cause, *([] if self.key is None else [self.key]))
        return sha256("\x1f".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Life:
    """Where a ticket has come to. `seen` is the landing in which its failure was last there.

    `since` is the day, and `since_seq` the event, that opened or last reopened it.
    """

    name: Name
    opened: date
    since: date
    since_seq: int
    seen_day: date
    seen: Landing = field(repr=False)
    reopened_count: int = 0
    closed: date | None = None
    evidence: str | None = None


@dataclass(frozen=True)
class Change:
    """What one build says of the tickets: the parts of an inspection, and the names of those opened."""

    opened: Mapping[str, Name]
    reopened: tuple[str, ...]
    closed: Mapping[str, str]
    unseen: tuple[str, ...]


def lives(entries: Iterable[Entry[Inspection]]) -> dict[str, Life]:
    """Return ticket_id → life after all these inspections."""
    found: dict[str, Life] = {}
    for entry in entries:
        found = after(found, _change(entry.body), entry.body.landing, entry.body.day, entry.seq)
    return found


def step(
    standing: Mapping[str, Life],
    found: Mapping[str, Name],
    landing: Landing,
    day: date,
    unjudged: Collection[str] = (),
) -> Change:
    """Return what becomes of the tickets where `found` are the failures there are now.

    Of the rules `unjudged` nothing is known, so nothing of theirs is closed, nor of a delivery while any of its system
    fails. The same step after its own outcome changes nothing: a build made twice says the same.
    """
    opened = {key: name for key, name in found.items() if key not in standing}
    reopened = tuple(sorted(key for key in found if key in standing and standing[key].closed))
    closed, unseen = {}, []
    failing = {name.system for name in found.values() if name.kind == "delivery"}
    for key, life in sorted(standing.items()):
        if life.closed or key in found:
            continue
        # a delivery that fails otherwise today has not arrived either
        is_judged = {"rule": life.name.cause not in unjudged, "delivery": life.name.system not in failing}
        evidence = _evidence(life, landing) if is_judged.get(life.name.kind, True) else None
        if evidence:
            closed[key] = f"{day} {evidence}"
        else:
            unseen.append(key)
    return Change(opened, reopened, closed, tuple(unseen))


def after(standing: Mapping[str, Life], change: Change, landing: Landing, day: date, seq: int) -> dict[str, Life]:
    """Return the lives once `change` has happened."""
    unseen = set(change.unseen)
    found = {
        key: life if life.closed or key in unseen else replace(life, seen_day=day, seen=landing)
        for key, life in standing.items()
    }
    for key, name in change.opened.items():
        found.setdefault(key, Life(name, day, day, seq, day, landing))
    for key in change.reopened:
        before = standing[key]
        found[key] = replace(
            before, since=day, since_seq=seq, seen_day=day, seen=landing, closed=None, evidence=None,
            reopened_count=before.reopened_count + 1,
        )  # fmt: skip
    for key, evidence in change.closed.items():
        found[key] = replace(standing[key], closed=day, evidence=evidence)
    return found


def _evidence(life: Life, landing: Landing) -> str | None:
    """Return the pull that may have mended it, None where nothing has come since it was last seen."""
    own = life.name.system
    if life.name.kind == "delivery":  # it arrived again, with the same content or another
        return f"{own} {landing.get(own) or ''}".strip()
    changed = sorted(system for system, name in landing.items() if name and name != life.seen.get(system))
    if own in changed:
        return f"{own} {landing[own]}"
    rule = rules().get(life.name.cause)
    is_of_several = own not in landing or (rule is not None and rule.layer not in _OF_ONE_SYSTEM)
    if life.name.kind == "rule" and is_of_several and changed:
        return "、".join(f"{system} {landing[system]}" for system in changed[:3])
    return None


def _change(told: Inspection) -> Change:
    return Change(
        {name.ticket_id: name for each in told.opened for name in names(each)},
        told.reopened,
        {ticket: each.evidence for each in told.closed for ticket in each.tickets},
        told.unseen,
    )


def names(told: Opened) -> list[Name]:
    """Return the tickets of one entry of an inspection."""
    keys: list[str | None] = [*told.keys, *([None] if told.is_systemic else [])]
    return [Name(told.system, told.kind, told.cause, key) for key in keys]


def grouped(opened: Iterable[Name]) -> tuple[Opened, ...]:
    """Return the entry an inspection holds of tickets that were opened."""
    causes: dict[tuple[str, str, str], list[str | None]] = {}
    for name in opened:
        causes.setdefault((name.system, name.kind, name.cause), []).append(name.key)
    return tuple(
        Opened(
            system=system,
            kind=kind,
            cause=cause,
            keys=tuple(sorted(key for key in keys if key is not None)),
            is_systemic=None in keys,
        )
        for (system, kind, cause), keys in sorted(causes.items())
    )


def closings(closed: Mapping[str, str]) -> tuple[Closed, ...]:
    """Return the entry an inspection holds of tickets that were closed."""
    by_evidence: dict[str, list[str]] = {}
    for ticket, evidence in sorted(closed.items()):
        by_evidence.setdefault(evidence, []).append(ticket)
    return tuple(Closed(evidence=text, tickets=tuple(tickets)) for text, tickets in sorted(by_evidence.items()))
