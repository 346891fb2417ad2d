"""审计 (the audit), for its administrator: who looked at what, who was refused, and whether the record is whole."""

from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_http_methods

from jiceng_pipeline.core.errors import IntegrityError, UsageError
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.reading import opened, settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.returns import access, audit_trail
from jiceng_pipeline.standard import divisions

SHOWN = 100
_OUTCOMES = {"granted": "准许", "denied": "拒绝", "served": "已给出", "failed": "没有给出"}


@scoped(Scope.ACT, act="read_audit")
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """List the last entries, of one account or who saw one person; check the chain on demand."""
    if first := second_factor.asked(request):
        return first
    account, denied = request.GET.get("account", "").strip()[:64], request.GET.get("outcome") == "denied"
    person, checked, wrong = request.GET.get("person", "").strip()[:64], "", ""
    with open_ledger(settings()) as ledger:
        access.permit(ledger, caller(request).account, "read_audit")
        if request.method == "POST":
            checked = _checked(ledger)
        rows = []
        try:
            rows = _of_person(ledger, person) if person else _rows(ledger, account, denied)
        except UsageError as unknown:
            wrong = unknown.what
    said = {"rows": rows, "account": account, "denied": denied, "checked": checked, "person": person, "wrong": wrong}
    return render(request, "portal/audit.html", said)


def _rows(ledger: Ledger, account: str, denied: bool) -> list[dict[str, Any]]:
    found = islice(audit_trail.backwards(ledger, account, "denied" if denied else ""), SHOWN)
    return [_told(entry) for entry in found]


def _of_person(ledger: Ledger, person: str) -> list[dict[str, Any]]:
    with opened() as (_, connection):
        found = audit_trail.who_saw(ledger, connection, person, divisions.merged(settings()))
    return [_told(seen.entry, seen.how) for seen in found[:SHOWN]]


def _told(entry: Entry[Audit], how: str = "") -> dict[str, Any]:
    return {
        "at": entry.at,
        "actor": entry.actor,
        "what": entry.body.dataset,
        "scope": entry.body.scope,
        "purpose": how or entry.body.purpose or "",
        "outcome": _OUTCOMES[entry.body.outcome],
        "is_denied": entry.body.outcome == "denied",
        "rows": entry.body.rows,
    }


def _checked(ledger: Ledger) -> str:
    try:
        head = ledger.verify()
    except IntegrityError as broken:
        return f"{broken.what}；{broken.cure}"
    return say(f"完整无缺，共 {head.seq:,} 条", f"whole: {head.seq:,} entries")


paths = [path("audit", page)]
