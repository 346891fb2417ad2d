"""异议 (disputes): a community sees what became of its own; a department officer settles those of its systems."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.dispute import Dispute
from jiceng_pipeline.ledger.kinds.dispute_decision import DisputeDecision
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.portal import receipt, work
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.quality import disputes
from jiceng_pipeline.quality.disputes import OPEN, STATES, Doubt
from jiceng_pipeline.returns import access
from jiceng_pipeline.standard.register import element

SHOWN = 100


class Verdict(forms.Form):
    """Was the community right?"""

    verdict = forms.ChoiceField(
        widget=forms.RadioSelect, choices=[("upheld", "异议成立，我们来改"), ("rejected", "异议不成立，原来的值是对的")]
    )
    reason = forms.CharField(max_length=200)

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["verdict"].label = say("查下来怎样？", "What did you find?")
        self.fields["verdict"].error_messages["required"] = say("请选一项", "Choose one")
        self.fields["reason"].label = say("依据（不写个人信息）", "Basis, without personal values")
        self.fields["reason"].error_messages["required"] = say("请写依据", "Give the basis")


@scoped(Scope.PLACE)
@require_GET
def of_place(request: HttpRequest, scope: str) -> HttpResponse:
    """List the doubts of a division, the newest first; no values."""
    with open_ledger(settings()) as ledger:
        work.looked_at(ledger, caller(request).account, work.DISPUTES, scope)
        found = [each for each in _all(ledger) if each.community_code.startswith(scope.rstrip("*"))]
    said = {"scope": scope, "rows": _told(found[:SHOWN]), "total": len(found), "trail": trail(scope)}
    return render(request, "portal/disputes.html", said)


@scoped(Scope.ACT, act="decide_dispute")
@require_GET
def of_department(request: HttpRequest) -> HttpResponse:
    """List the open doubts that the officer's systems are asked about."""
    with open_ledger(settings()) as ledger:
        found = [
            each for each in _all(ledger) if each.state == OPEN and set(each.systems) & set(caller(request).systems)
        ]
    said = {"rows": _told(found[:SHOWN]), "total": len(found), "for_department": True}
    return render(request, "portal/disputes.html", said)


@scoped(Scope.ACT, act="decide_dispute")
@require_http_methods(["GET", "POST"])
def settle(request: HttpRequest, key: str) -> HttpResponse:
    """Show one doubt to the department that is asked, with what the community believes, and take the answer."""
    account, form = caller(request).account, Verdict(request.POST if request.method == "POST" else None)
    with open_ledger(settings()) as ledger:
        doubt = next((each for each in _all(ledger) if each.dispute_id == key and each.state == OPEN), None)
        system = next((each for each in doubt.systems if each in caller(request).systems), None) if doubt else None
        if doubt is None or system is None:
            raise Http404
        access.permit(ledger, account, "decide_dispute", doubt.community_code, system)
        body = views.standing(ledger, Dispute)[doubt.subject].body
        if request.method == "POST" and form.is_valid():
            decision = DisputeDecision(
                entity=body.entity, entity_id=body.entity_id, element_id=body.element_id,
                verdict=form.cleaned_data["verdict"], reason=" ".join(form.cleaned_data["reason"].split()),
            )  # fmt: skip
            event = ledger.append("dispute_decision", decision.subject, decision, account)
            return receipt.page(
                request, say("已答复", "Answered"), Link(say("看下一件", "The next"), "/disputes"),
                receipt=event.receipt,
                following=say(
                    "社区下次更新就能看到。成立的，请在本系统里改正。", "The community sees it with the next update."
                ),
            )  # fmt: skip
    said = {
        "form": form,
        "doubt": doubt,
        "title": element(doubt.element_id).title,
        "believed": body.believed_value,
        "basis": body.basis,
        "trail": [Link(say("异议", "Disputes"), "/disputes")],
    }
    return render(request, "portal/dispute.html", said)


def _all(ledger: Ledger) -> Sequence[Doubt]:
    return disputes.doubts(settings(), ledger)[::-1]


def _told(found: Sequence[Doubt]) -> list[dict[str, Any]]:
    return [
        {
            "id": each.dispute_id,
            "title": element(each.element_id).title,
            "community": each.community_code,
            "state": STATES[each.state],
            "is_open": each.state == OPEN,
            "opened": each.opened_date,
            "days": each.working_days,
            "asked": "、".join(contracts()[name].title for name in each.systems if name in contracts()),
            "address": f"{each.entity}/{each.entity_id}",
        }
        for each in found
    ]


paths = [
    path("at/<division:scope>/disputes", of_place),
    path("disputes", of_department),
    path("disputes/<key:key>", settle),
]
