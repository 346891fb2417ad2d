"""Bearer tokens: shown once, kept as a hash, scoped like the account they belong to, and never for long."""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.contrib.auth.models import User

from jiceng_pipeline.core import clock
from jiceng_pipeline.portal.models import Token

KEPT_DAYS = 90
_PREFIX = "jc_"  # so that one that was left lying about is known for what it is


def make(user: User, title: str) -> str:
    """Return a new token; nobody can read it again."""
    token = _PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    Token.objects.create(user=user, title=title, digest=_digest(token), made=now, until=now + timedelta(days=KEPT_DAYS))
    return token


def end(user: User, number: int) -> None:
    """End a token of the account's own; one of somebody else's is left alone."""
    Token.objects.filter(user=user, pk=number, ended=None).update(ended=clock.now())


def end_all(user: User) -> None:
    """End every token of an account."""
    Token.objects.filter(user=user, ended=None).update(ended=clock.now())


def holder(token: str) -> User | None:
    """Return the account a token belongs to, None for one that does not hold."""
    found = Token.objects.select_related("user").filter(digest=_digest(token), ended=None).first()
    return found.user if found and clock.now() < found.until and found.user.is_active else None


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
