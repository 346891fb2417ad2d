"""Guessing (猜密码) across accounts: too many wrong passwords from one address, whoever they were for.

One account is locked by django-axes after a few; this stops who tries one password with every account. Both are
counted in the portal's database, so a restart forgets nothing.
"""

from datetime import timedelta

from axes.helpers import get_client_ip_address
from axes.models import AccessAttempt
from django.db.models import Sum
from django.http import HttpRequest

from jiceng_pipeline.core import clock
from jiceng_pipeline.portal.configuration import LOCKED_MINUTES, TRIES_OF_ADDRESS


def is_too_much(request: HttpRequest) -> bool:
    """Say whether so many passwords from where this comes from were wrong lately that no more are looked at."""
    since = clock.now() - timedelta(minutes=LOCKED_MINUTES)
    lately = AccessAttempt.objects.filter(ip_address=get_client_ip_address(request), attempt_time__gt=since)
    counted: int = lately.aggregate(tries=Sum("failures_since_start"))["tries"] or 0
    return counted >= TRIES_OF_ADDRESS


def direct(request: HttpRequest) -> str:
    """Return the address of who speaks to us."""
    return str(request.META.get("REMOTE_ADDR", ""))


def forwarded(request: HttpRequest) -> str:
    """Return the address the server in front was spoken to from: the last one named, the others are hearsay."""
    return request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or direct(request)
