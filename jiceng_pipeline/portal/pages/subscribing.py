"""订阅和改订阅 (subscribing): what a live grant covers is chosen from, and goes into the ledger as from the command."""

from typing import Literal

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_http_methods

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.exchange import offer, subscription
from jiceng_pipeline.exchange.offer import Offer
from jiceng_pipeline.ledger.kinds.subscription import Subscription
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import receipt
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.pages.subscriptions import own, trail
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.subscription_forms import CONDITIONS, Wanted
from jiceng_pipeline.portal.wording import say

_LISTED = "/subscriptions"
_UNNAMED = "unnamed"


@scoped(Scope.ACT, act="subscribe")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, name: str, profile: str) -> HttpResponse:
    """Subscribe to a dataset, shown in one way; unmasked only after the second factor."""
    found = _offered(request, name, profile)
    if profile == "full" and (first := second_factor.asked(request)):
        return first
    heading = say(f"订阅{found.dataset.title}（{found.title}）", f"Subscribe: {found.dataset.title}")
    return _asked(request, found, None, heading, _LISTED)


@scoped(Scope.ACT, act="subscribe")
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, name: str) -> HttpResponse:
    """Change what a subscription is about, how often and where it is delivered."""
    present = own(request, name)
    if present.state == "ended" or len(present.conditions) > CONDITIONS:
        raise Http404
    found = _offered(request, present.dataset, present.profile)
    if present.profile == "full" and (first := second_factor.asked(request)):
        return first
    heading = say(f"改订阅：{found.dataset.title}（{found.title}）", f"Change: {found.dataset.title}")
    return _asked(request, found, present, heading, f"{_LISTED}/{name}")


def _offered(request: HttpRequest, dataset: str, profile: str) -> Offer:
    with open_ledger(settings()) as ledger:
        found = offer.find(settings(), ledger, caller(request).account, dataset, profile)
    if found is None:
        raise Http404
    return found


def _asked(request: HttpRequest, found: Offer, present: Subscription | None, heading: str, back: str) -> HttpResponse:
    account = caller(request).account
    form = Wanted(found, account, present, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            with open_ledger(settings()) as ledger:
                wanted = form.subscription(present.subscription_id if present else _UNNAMED, account, present)
                wanted = wanted if present else subscription.named(ledger, wanted)
                event = subscription.put(settings(), ledger, wanted, account)
        except UsageError as wrong:
            form.add_error(None, f"{wrong.what}；{wrong.cure}")
        else:
            return _done(request, wanted.subscription_id, event.receipt, "changed" if present else "new")
    told = {
        "form": form,
        "heading": heading,
        "lead": found.dataset.purpose,
        "submit": say("保存", "Save") if present else say("订阅", "Subscribe"),
        "has_targets": bool(form.fields["target"].choices),  # type: ignore[attr-defined]
        "back": back,
        "trail": [*trail(request), Link(say("我的订阅", "My subscriptions"), _LISTED)],
    }
    return render(request, "portal/subscribing.html", told)


def _done(request: HttpRequest, name: str, number: str, what: Literal["new", "changed"]) -> HttpResponse:
    heading = say("已订阅", "Subscribed") if what == "new" else say("已改", "Changed")
    following = (
        say("第一次送全量，以后只送变化。", "First everything, then what changes.")
        if what == "new"
        else say("下次交付起照新的送：不再要的从对方删去，新要的补上。", "From the next delivery on.")
    )
    shown = Link(say("看这个订阅", "See it"), f"{_LISTED}/{name}")
    return receipt.page(
        request, heading, shown, Link(say("回到我的订阅", "Back"), _LISTED), receipt=number, following=following
    )


paths = [path("subscribe/<name:name>/<name:profile>", new), path("subscriptions/<name:name>/change", change)]
