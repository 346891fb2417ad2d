"""What accounts hold at this instant: posts, grants, and what a post lets its holder read."""

from collections.abc import Iterable
from typing import TypeVar

from jiceng_pipeline.core import clock
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.post import Post
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.returns import roles

H = TypeVar("H", Grant, Post)


def posts(ledger: Ledger, account: str) -> list[Entry[Post]]:
    """Return the posts an account holds, the oldest first."""
    said = (views.typed(event, Post) for event in ledger.about("post", f"{account}/"))
    return _standing(entry for entry in said if entry.body.account == account)


def everybody(ledger: Ledger) -> list[Entry[Post]]:
    """Return all posts that are held."""
    return _standing(views.entries(ledger, Post))


def grants(ledger: Ledger, account: str) -> list[Entry[Grant]]:
    """Return the grants given to an account, the oldest first; what its posts imply is not among them."""
    return _standing(views.typed(event, Grant) for event in ledger.held_by(account))


def is_administrator(held: Iterable[Entry[Post]]) -> bool:
    """Say whether one of these posts is an administrator's."""
    return any(roles.find(entry.body.role).is_administrator for entry in held)


def implied(post: Entry[Post]) -> Entry[Grant] | None:
    """Return what a post lets its holder read, None where nothing."""
    role = roles.find(post.body.role)
    if not role.datasets or not role.profiles:
        return None
    grant = Grant(
        actor=post.body.account,
        scope=post.body.scope,
        datasets=role.datasets,
        profiles=role.profiles,
        purposes="*",
        until=post.body.until,
        granted_by=post.body.given_by,
    )
    return Entry(post.seq, post.subject, grant, post.actor, post.at, post.receipt)


def _standing(said: Iterable[Entry[H]]) -> list[Entry[H]]:
    now = clock.now()
    found = views.last_words(said).values()
    # what was over when it was said stays over, also where the clock has gone back since
    return [entry for entry in found if entry.body.until is None or max(now, entry.at) < entry.body.until]
