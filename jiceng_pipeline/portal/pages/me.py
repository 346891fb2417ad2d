"""One's own account: posts, password, second factor, and where the account starts from."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.returns import holding, roles


@scoped(Scope.ACCOUNT)
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Go to the page this account works from."""
    return HttpResponseRedirect(caller(request).home)


@scoped(Scope.ACCOUNT)
@require_GET
def me(request: HttpRequest) -> HttpResponse:
    """Show what the account is and may do."""
    with open_ledger(settings()) as ledger:
        held = [
            (roles.find(entry.body.role).title, entry.body) for entry in holding.posts(ledger, caller(request).account)
        ]
    said = {
        "posts": held,
        "may_subscribe": caller(request).may("subscribe"),
        "has_telephone": TOTPDevice.objects.filter(user=request.user, confirmed=True).exists(),
        "codes_left": StaticToken.objects.filter(device__user=request.user).count(),
    }
    return render(request, "portal/me.html", said)


paths = [path("", start), path("me", me)]
