"""How long a session lasts: half an hour without a click, eight hours at most, whatever is clicked."""

from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from jiceng_pipeline.core import clock
from jiceng_pipeline.portal.configuration import ABSOLUTE_HOURS, IDLE_MINUTES

_BEGAN, _TOUCHED = "began", "touched"
_NOTED_EVERY_SECONDS = 60  # a write a click would be a write too many


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
                return HttpResponseRedirect("/login?ended=1")
            elif now - touched >= _NOTED_EVERY_SECONDS:
                request.session[_TOUCHED] = now
        return self._get_response(request)
