"""审计 (the audit), for its administrator: who looked at what, who was refused, and whether the record is whole."""

from collections import deque
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_http_methods

from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.returns import access

SHOWN = 100
_OUTCOMES = {"granted": "准许", "denied": "拒绝", "served": "已给出", "failed": "没有给出"}


@scoped(Scope.ACT, act="read_audit")
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """List the last entries, of one account where it is named; check the chain on demand."""
    if first := second_factor.asked(request):
        return first
    account, denied = request.GET.get("account", "").strip()[:64], request.GET.get("outcome") == "denied"
    checked = ""
    with open_ledger(settings()) as ledger:
        access.permit(ledger, caller(request).account, "read_audit")
        if request.method == "POST":
            checked = _checked(ledger)
        rows = _rows(ledger, account, denied)
    said = {"rows": rows, "account": account, "denied": denied, "checked": checked, "shown": SHOWN}
    return render(request, "portal/audit.html", said)


def _rows(ledger: Ledger, account: str, denied: bool) -> list[dict[str, Any]]:
    last = deque(
        (
            entry
            for entry in views.entries(ledger, Audit)
            if (not account or entry.actor == account) and (not denied or entry.body.outcome == "denied")
        ),
        maxlen=SHOWN,
    )
    return [
        {
            "at": entry.at,
            "actor": entry.actor,
            "what": entry.body.dataset,
            "scope": entry.body.scope,
            "purpose": entry.body.purpose or "",
            "outcome": _OUTCOMES[entry.body.outcome],
            "is_denied": entry.body.outcome == "denied",
            "rows": entry.body.rows,
        }
        for entry in reversed(last)
    ]


def _checked(ledger: Ledger) -> str:
    try:
        head = ledger.verify()
    except IntegrityError as broken:
        return f"{broken.what}；{broken.cure}"
    return say(f"完整无缺，共 {head.seq:,} 条", f"whole: {head.seq:,} entries")


paths = [path("audit", page)]
