"""我的订阅 (subscriptions): what is delivered to the reader, up to which batch, what is stuck; turned off and on."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_http_methods

from jiceng_pipeline.exchange import subscription
from jiceng_pipeline.exchange.receipt import Receipts
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import place_names
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.returns import datasets

_TURNS = {"active": ("paused",), "paused": ("active",), "ended": ()}  # no press of a button ends one for good


@scoped(Scope.ACT, act="subscribe")
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """List the reader's own subscriptions; turn one off and on."""
    account, known = caller(request).account, datasets.datasets(settings())
    with open_ledger(settings()) as ledger:
        own = {name: each for name, each in subscription.every(ledger).items() if each.subscriber == account}
        if request.method == "POST":
            name, _, state = request.POST.get("turn", "").partition(":")
            if name not in own or state not in _TURNS[own[name].state]:
                raise Http404
            subscription.turn(ledger, name, state, account)
            return HttpResponseRedirect("/subscriptions")
        receipts = Receipts(ledger)
        rows = [
            {
                "body": each,
                "title": known[each.dataset].title if each.dataset in known else each.dataset,
                "place": place_names.title(each.scope),
                "cadence": subscription.CADENCES[each.cadence],
                "state": subscription.STATES[each.state],
                "number": receipts.sent(name).number,
                "stuck": stuck.reason if (stuck := receipts.parked(name) or receipts.failing(name)) else "",
                "turns": [(f"{name}:{state}", _words(state)) for state in _TURNS[each.state]],
            }
            for name, each in own.items()
        ]
    said = {"rows": rows, "trail": [Link(say("数据共享", "Sharing"), "/sharing")] if caller(request).systems else []}
    return render(request, "portal/subscriptions.html", said)


def _words(state: str) -> str:
    return say("恢复", "Resume") if state == "active" else say("暂停", "Pause")


paths = [path("subscriptions", page)]
