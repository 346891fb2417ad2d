"""What people decided and what of it stands; `judgement` adds to it, `decisions` tells the engine.

Four kinds of event: a decision on a pair of records (same, different, unsure), a move of one record (two
pairs at once), a frozen value, and the retraction of one of these. An event that was taken back counts as
never made; of what is left the last word on a pair, or on a cell, stands. So any event can be taken back,
however many came after it. What was taken back stays so: who was right after all decides again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.decision import Decision, Verdict
from jiceng_pipeline.ledger.kinds.freeze import Freeze
from jiceng_pipeline.ledger.kinds.move import Move
from jiceng_pipeline.ledger.kinds.retraction import Retraction
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.ledger.views import Entry

State = Literal["stands", "replaced", "undone"]


@dataclass(frozen=True)
class Act:
    """One decision, move or freeze as lists show it: a frozen value stays in the ledger.

    `records` are the pair; of a move the record, where it lay, and where it belongs; of a freeze the record.
    """

    seq: int
    verb: str
    entity: str
    records: tuple[str, ...]
    element_id: str | None
    state: State
    reason: str
    actor: str
    at: datetime
    receipt: str


@dataclass(frozen=True)
class Word:
    """What stands for one pair of records, the smaller record_id first."""

    entity: str
    record_id_a: str
    record_id_b: str
    verdict: Verdict
    seen: str | None


def acts(ledger: Ledger) -> list[Act]:
    """Return everything that was ever decided, oldest first."""
    undone, said = _undone(ledger, None), [*_pairs(ledger, None), *views.entries(ledger, Freeze)]
    said.sort(key=lambda entry: entry.seq)
    last = {about: entry.seq for entry in said if entry.seq not in undone for about in _subjects(entry.body)}
    standing = set(last.values())
    return [_act(e, "undone" if e.seq in undone else "stands" if e.seq in standing else "replaced") for e in said]


def words(ledger: Ledger, until: int | None = None) -> list[Word]:
    """Return what stands for every pair anybody spoke of, in order of the pairs."""
    undone = _undone(ledger, until)
    standing = {
        (entry.body.entity, *pair): Word(
            entry.body.entity, *pair, verdict, entry.body.seen if isinstance(entry.body, Decision) else None
        )
        for entry in _pairs(ledger, until)
        if entry.seq not in undone
        for pair, verdict in entry.body.verdicts.items()
    }
    return [standing[pair] for pair in sorted(standing)]


def frozen(ledger: Ledger, until: int | None = None) -> list[Entry[Freeze]]:
    """Return the freezes that stand, oldest first."""
    undone = _undone(ledger, until)
    left = (entry for entry in views.entries(ledger, Freeze, until=until) if entry.seq not in undone)
    return sorted({entry.body.subject: entry for entry in left}.values(), key=lambda entry: entry.seq)


def _pairs(ledger: Ledger, until: int | None) -> list[Entry[Decision] | Entry[Move]]:
    return sorted(
        [*views.entries(ledger, Decision, until=until), *views.entries(ledger, Move, until=until)],
        key=lambda entry: entry.seq,
    )


def _undone(ledger: Ledger, until: int | None) -> set[int]:
    return {entry.body.seq for entry in views.entries(ledger, Retraction, until=until)}


def _subjects(body: Decision | Move | Freeze) -> set[tuple[str, ...]]:
    """Return what an event has a word on: pairs of records, or a cell."""
    return {(body.subject,)} if isinstance(body, Freeze) else {(body.entity, *pair) for pair in body.verdicts}


def _act(entry: Entry[Decision] | Entry[Move] | Entry[Freeze], state: State) -> Act:
    body = entry.body
    verb: str
    records: tuple[str, ...] = ()
    element: str | None = None
    if isinstance(body, Decision):
        verb, records = body.verdict, (body.record_id_a, body.record_id_b)
    elif isinstance(body, Move):
        verb, records = "move", (body.record_id, body.from_record_id, body.to_record_id)
    else:
        records, element = (body.record_id,), body.element_id
        verb = "freeze" if body.value is not None else "deny"
    return Act(entry.seq, verb, body.entity, records, element, state, body.reason, entry.actor, entry.at, entry.receipt)
