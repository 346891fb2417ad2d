"""Grants (授权): given, ended and read as events; what they allow is decided in `access` alone."""

from typing import Final

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.chain import Event
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.ledger.views import Entry

OPERATOR = "operator"
EVERYTHING: Final = "*"


def ensure_operator(ledger: Ledger) -> Event:
    """Give the operator the whole instance, unless that was done before (and perhaps ended since)."""
    body = Grant(
        actor=OPERATOR,
        scope=EVERYTHING,
        datasets=EVERYTHING,
        profiles=("check", "full"),
        purposes=EVERYTHING,
        granted_by=OPERATOR,
    )
    return ledger.append("grant", body.subject, body, OPERATOR, once=True)


def give(ledger: Ledger, grant: Grant) -> Event:
    """Put a grant in force, or prolong the one with the same rights."""
    return ledger.append("grant", grant.subject, grant, grant.granted_by)


def end(ledger: Ledger, subject: str, ended_by: str) -> Event:
    """End a grant now; raise UsageError where there is none with that subject."""
    found = views.standing(ledger, Grant).get(subject)
    if found is None:
        raise UsageError("没有这个授权", where=f"授权 {subject}", cure="用授权的编号")
    ended = found.body.model_copy(update={"until": clock.now(), "granted_by": ended_by})
    return ledger.append("grant", subject, ended, ended_by)


def live(ledger: Ledger, actor: str) -> list[Entry[Grant]]:
    """Return the grants that `actor` holds at this instant, the oldest first."""
    now = clock.now()
    return [
        entry
        for entry in views.standing(ledger, Grant).values()
        if entry.body.actor == actor and (entry.body.until is None or now < entry.body.until)
    ]
