"""Grants (授权): given, ended and read as events; what they allow is decided in `access` alone."""

from typing import Final

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.chain import Event
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.returns import collected, holding

OPERATOR = "operator"
EVERYTHING: Final = "*"


def ensure_operator(ledger: Ledger) -> Event:
    """Give the operator the whole instance, unless that was done before (and perhaps ended since).

    Whoever installs the instance needs it to put the first people into their posts; end it once they are there.
    """
    body = Grant(
        actor=OPERATOR,
        scope=EVERYTHING,
        datasets=EVERYTHING,
        profiles=("check", "full", "posted", "statistics"),
        purposes=EVERYTHING,
        granted_by=OPERATOR,
    )
    return ledger.append("grant", body.subject, body, OPERATOR, once=True)


def give(ledger: Ledger, grant: Grant) -> Event:
    """Put a grant in force, or prolong the one with the same rights; raise UsageError for an administrator."""
    if holding.is_administrator(holding.posts(ledger, grant.actor)):
        raise UsageError("管理员不看数据，不能有数据授权", where=f"账号 {grant.actor}", cure="换一个账号")
    return ledger.append("grant", grant.subject, grant, grant.granted_by)


def end(ledger: Ledger, subject: str, ended_by: str) -> Event:
    """End a grant now; raise UsageError where there is none with that subject."""
    said = [views.typed(event, Grant) for event in ledger.on("grant", subject)]
    if not said:
        raise UsageError("没有这个授权", where=f"授权 {subject}", cure="用授权的编号")
    ended = said[-1].body.model_copy(update={"until": clock.now(), "granted_by": ended_by})
    return ledger.append("grant", subject, ended, ended_by)


def live(ledger: Ledger, actor: str) -> list[Entry[Grant]]:
    """Return what `actor` may read at this instant: the grants given, and what its posts or contract imply.

    An administrator reads nothing, whatever else was given.
    """
    held = holding.posts(ledger, actor)
    if holding.is_administrator(held):
        return []
    given = holding.grants(ledger, actor)
    return [*collected.implied(actor), *given, *filter(None, map(holding.implied, held))]
