"""How long a session lasts: half an hour without a click, eight hours at most, whatever is clicked.

Every page says when it ends. What was typed into a page whose session has ended is not lost: see `kept`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from jiceng_pipeline.core import clock
from jiceng_pipeline.portal.configuration import ABSOLUTE_HOURS, IDLE_MINUTES

_BEGAN, _TOUCHED = "began", "touched"
_NOTED_EVERY_SECONDS = 60  # a write a click would be a write too many


@dataclass(frozen=True)
class Ending:
    """When a session ends if nothing is clicked; one that is near its longest cannot be made to last."""

    at: datetime
    is_last: bool


def ending(request: HttpRequest) -> Ending | None:
    """Return when the session of this reader ends, None for who is not signed in."""
    if not request.user.is_authenticated or _TOUCHED not in request.session:
        return None
    idle = request.session[_TOUCHED] + IDLE_MINUTES * 60
    last = request.session[_BEGAN] + ABSOLUTE_HOURS * 3600
    return Ending(datetime.fromtimestamp(min(idle, last), UTC), last <= idle)


def has_just_ended(request: HttpRequest) -> bool:
    """Say whether the session was over when this request came."""
    return getattr(request, "session_ended", False)


class SessionLifeMiddleware:
    """End sessions that are over, and note down that one is in use."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, unless the session is over."""
        if request.user.is_authenticated:
            now = clock.now().timestamp()
            began, touched = request.session.get(_BEGAN), request.session.get(_TOUCHED)
            if began is None or touched is None:
                request.session[_BEGAN] = request.session[_TOUCHED] = now
            elif now - began >= ABSOLUTE_HOURS * 3600 or now - touched >= IDLE_MINUTES * 60:
                logout(request)
                request.session_ended = True  # type: ignore[attr-defined]
            elif now - touched >= _NOTED_EVERY_SECONDS:
                request.session[_TOUCHED] = now
        return self._get_response(request)
