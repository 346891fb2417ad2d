"""Who may open a page: every view says so in its `scope`, and a test fails for an address without one.

What is on the page is decided once more, cell by cell, in `returns.access`.
"""

from collections.abc import Callable
from enum import Enum
from functools import wraps
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from jiceng_pipeline.core.errors import AccessDenied
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import caller as callers
from jiceng_pipeline.portal import kept, sessions
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.returns import access

View = Callable[..., HttpResponse]


class Scope(Enum):
    """Whom a page is for."""

    OPEN = "anybody, signed in or not"
    ACCOUNT = "any account that is signed in"
    PLACE = "accounts that hold a post or grant over the division in the address"
    ACT = "accounts with a post that may do the act the page is for"
    PROGRAM = "programs with a token; scoped like the account it belongs to"


_BEFORE_ALL = ("/password", "/logout")


def scoped(scope: Scope, act: str | None = None) -> Callable[[View], View]:
    """Guard a view; `act` is what a page of Scope.ACT is for. It becomes an attribute of the view."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **named: str) -> HttpResponse:
            if scope in {Scope.OPEN, Scope.PROGRAM}:
                if request.user.is_authenticated:
                    request.caller = callers.of(request)  # type: ignore[attr-defined]
                return view(request, **named)
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            remembered = getattr(request.user, "remembered", None)
            if remembered and remembered.must_change_password and request.path not in _BEFORE_ALL:
                return HttpResponseRedirect("/password")
            caller = callers.of(request)
            request.caller = caller  # type: ignore[attr-defined]
            if scope is Scope.PLACE and not caller.covers(named["scope"]):
                _refuse(caller.account, named["scope"])
            if act is not None and not caller.may(act):
                with open_ledger(settings()) as ledger:
                    access.permit(ledger, caller.account, act, named.get("scope"))
            return view(request, **named)

        guarded.scope = scope  # type: ignore[attr-defined]
        return guarded

    return guard


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to where one signs in, and back here afterwards with what was typed."""
    ended, typed = sessions.has_just_ended(request), kept.packed(request)
    if typed and (ended or typed != kept.PRESS):  # whoever was not signed in has seen no button to press
        from jiceng_pipeline.portal.pages.sign_in import asked

        return asked(request, request.get_full_path(), typed)
    return HttpResponseRedirect(f"/login?next={quote(request.get_full_path())}{'&ended=1' if ended else ''}")


def _refuse(account: str, scope: str) -> None:
    """Note down that somebody knocked at a door that is not theirs, and say so."""
    from jiceng_pipeline.returns.datasets import find

    with open_ledger(settings()) as ledger:
        access.authorise(ledger, account, find(settings(), "resident_register"), scope, action="open", channel="page")
    raise AccessDenied("这个地方不归您的账号看", where=f"账号 {account}", cure="请管理员授权")


def caller(request: HttpRequest) -> callers.Caller:
    """Return who is asking, on a guarded page."""
    found: callers.Caller = request.caller  # type: ignore[attr-defined]
    return found
