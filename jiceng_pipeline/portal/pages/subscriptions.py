"""我的订阅 (subscriptions): what is delivered to the reader, how far, what is stuck; paused, ended, sent again."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from jiceng_pipeline.core.errors import JicengError
from jiceng_pipeline.exchange import condition, delivery, delivery_target, subscription
from jiceng_pipeline.exchange import offer as offers
from jiceng_pipeline.exchange import receipt as receipts
from jiceng_pipeline.exchange.receipt import Receipts
from jiceng_pipeline.ledger.kinds.subscription import Subscription
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import place_names, receipt
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.subscription_forms import CONDITIONS, Again, Ending
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.returns import datasets, masks
from jiceng_pipeline.standard.register import element

SHOWN = 30
_KINDS = {"baseline": "全量", "delta": "变化", "announcement": "列的预告"}
_SENDS = {"again", "anew", "replay"}  # what makes data leave
_TURNS = {"pause": ("active", "paused"), "resume": ("paused", "active")}


@scoped(Scope.ACT, act="subscribe")
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """List the reader's own subscriptions, and what the reader may subscribe to."""
    account = caller(request).account
    with open_ledger(settings()) as ledger:
        known = Receipts(ledger)
        rows = [_told(each, known) for each in subscription.every(ledger).values() if each.subscriber == account]
        offered = offers.offers(settings(), ledger, account)
    rows.sort(key=lambda row: (row["body"].state == "ended", not row["stuck"]))
    ways: dict[str, list[offers.Offer]] = {}
    for each in offered:
        ways.setdefault(each.dataset.name, []).append(each)
    said = {
        "rows": rows,
        "offers": [(some[0].dataset, some) for some in ways.values()],
        "has_targets": bool(delivery_target.offered(settings(), account)),
        "may_ask": caller(request).may("request_data"),
        "trail": trail(request),
    }
    return render(request, "portal/subscriptions.html", said)


@scoped(Scope.ACT, act="subscribe")
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, name: str) -> HttpResponse:
    """Show a subscription with its receipts, and do what its reader asks for."""
    body, do = own(request, name), request.POST.get("do", "")
    if do in _SENDS and body.profile == "full" and (first := second_factor.asked(request)):
        return first
    if do == "end" and "sure" not in request.POST and body.state != "ended":
        return _sure(request, body)
    form = Again(request.POST if do == "replay" else None)
    wrong = ""
    if request.method == "POST" and (do != "replay" or form.is_valid()):
        try:
            return _do(request, body, do, form)
        except JicengError as error:
            wrong = f"{error.what}；{error.cure}"
    with open_ledger(settings()) as ledger:
        known, sent = Receipts(ledger), receipts.handed_over(ledger, name=name)
        row = _told(body, known)
        is_parked = known.parked(name) is not None
        offered = offers.find(settings(), ledger, body.subscriber, body.dataset, body.profile)
    said = {
        "row": row,
        "body": body,
        "wrong": wrong,
        "form": form,
        "is_parked": is_parked,
        "may_change": offered is not None and len(body.conditions) <= CONDITIONS,
        "elements": _elements(body),
        "conditions": [condition.words(each) for each in body.conditions],
        "target": delivery_target.title(settings(), body.target),
        "profile": masks.TITLES[body.profile],
        "receipts": [(each, _KINDS[each.body.kind]) for each in sent[: -SHOWN - 1 : -1]],
        "trail": [*trail(request), Link(say("我的订阅", "My subscriptions"), "/subscriptions")],
    }
    return render(request, "portal/subscription.html", said)


def own(request: HttpRequest, name: str) -> Subscription:
    """Return one of the reader's own subscriptions; another's is not there."""
    with open_ledger(settings()) as ledger:
        found = subscription.every(ledger).get(name)
    if found is None or found.subscriber != caller(request).account:
        raise Http404
    return found


def trail(request: HttpRequest) -> list[Link]:
    """Return the way here: departments come from sharing, the others from their own account."""
    if caller(request).may("request_data"):
        return [Link(say("数据共享", "Sharing"), "/sharing")]
    return [Link(say("我的账号", "My account"), "/me")]


def _do(request: HttpRequest, body: Subscription, do: str, form: Again) -> HttpResponse:
    """Do it and say so; raise Http404 for what cannot be done to a subscription that stands so."""
    name, account = body.subscription_id, caller(request).account
    if do in _TURNS and body.state == _TURNS[do][0]:
        number = _turned(name, _TURNS[do][1], account)
        heading = say("已暂停", "Paused") if do == "pause" else say("已恢复", "Resumed")
        following = say("没送的变化等恢复以后一起送。", "") if do == "pause" else say("下次交付时送。", "")
        return _done(request, name, heading, number, following)
    if do == "end" and body.state != "ended":
        following = say("不再送了。对方手里已有的，请按授权的规定处理。", "Nothing more is delivered.")
        return _done(request, name, say("已结束", "Ended"), _turned(name, "ended", account), following)
    if do in {"again", "anew"} and body.state != "ended":
        delivery.resume(settings(), name, account, anew=do == "anew")
        return _done(request, name, say("已记下", "Noted"), "", say("下次交付时送。", "With the next delivery."))
    if do == "replay" and body.state != "ended":
        said = form.cleaned_data
        made = delivery.replay(settings(), name, said["first"], said["last"], account)
        heading = say(f"已重送 {made.batches} 批，{made.rows:,} 行", f"{made.batches} batches, {made.rows:,} rows")
        return _done(request, name, heading, "", say("对方已有的会自动略过。", "What is there is passed by."))
    raise Http404


def _turned(name: str, state: str, account: str) -> str:
    with open_ledger(settings()) as ledger:
        return subscription.turn(ledger, name, state, account).receipt


def _sure(request: HttpRequest, body: Subscription) -> HttpResponse:
    """Ask once more: what has ended is not taken up again."""
    told = {
        "form": Ending(),
        "heading": say("真的结束这个订阅吗？", "Really end it?"),
        "lead": say(
            f"{_title(body)}，{place_names.title(body.scope)}。结束以后不再送，要再订得重新选。只是先停一停，请用“暂停”。",
            "It cannot be taken up again; to stop for a while, pause it.",
        ),
        "submit": say("结束订阅", "End it"),
        "back": f"/subscriptions/{body.subscription_id}",
        "trail": [*trail(request), Link(say("我的订阅", "My subscriptions"), "/subscriptions")],
    }
    return render(request, "portal/form.html", told)


def _told(body: Subscription, known: Receipts) -> dict[str, Any]:
    name = body.subscription_id
    stuck = known.parked(name) or known.failing(name)
    return {
        "body": body,
        "title": _title(body),
        "place": place_names.title(body.scope),
        "cadence": subscription.CADENCES[body.cadence],
        "state": subscription.STATES[body.state],
        "number": known.sent(name).number,
        "stuck": stuck.reason if stuck and body.state != "ended" else "",
    }


def _title(body: Subscription) -> str:
    known = datasets.datasets(settings())
    return known[body.dataset].title if body.dataset in known else body.dataset


def _elements(body: Subscription) -> list[str]:
    return [say("全部", "all")] if body.elements == "*" else [element(each).title for each in body.elements]


def _done(request: HttpRequest, name: str, heading: str, number: str, following: str) -> HttpResponse:
    back = Link(say("回到这个订阅", "Back to it"), f"/subscriptions/{name}")
    listed = Link(say("回到我的订阅", "My subscriptions"), "/subscriptions")
    return receipt.page(request, heading, back, listed, receipt=number, following=following)


paths = [path("subscriptions", page), path("subscriptions/<name:name>", one)]
