"""问题单 (tickets) of an officer's own systems: what is wrong, until when, and the answer."""

from typing import Any

import duckdb
from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.ledger.kinds.ticket_answer import TicketAnswer
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import receipt
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.reading import opened, settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.quality import history
from jiceng_pipeline.quality.tickets import ANSWERS, STATES
from jiceng_pipeline.returns import access
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import elements
from jiceng_pipeline.warehouse.publish import Version

SHOWN = 50


class Answer(forms.Form):
    """What was done about it."""

    verdict = forms.ChoiceField(widget=forms.RadioSelect, choices=list(ANSWERS.items()))
    text = forms.CharField(max_length=200)

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["verdict"].label = say("怎么处理的？", "What was done?")
        self.fields["verdict"].error_messages["required"] = say("请选一项", "Choose one")
        self.fields["text"].label = say("说明或依据（不写个人信息）", "Basis, without personal values")
        self.fields["text"].error_messages["required"] = say("请写一句说明", "Say a word")


@scoped(Scope.ACT, act="answer_ticket")
@require_GET
def tickets(request: HttpRequest) -> HttpResponse:
    """List what is not closed, those overdue first."""
    with opened() as (version, connection):
        found = _of(version, connection, caller(request).systems)
    said = {
        "rows": found[:SHOWN],
        "total": len(found),
        "overdue": sum(row["is_overdue"] for row in found),
        "systems": [contracts()[name].title for name in caller(request).systems if name in contracts()],
    }
    return render(request, "portal/tickets.html", said)


@scoped(Scope.ACT, act="answer_ticket")
@require_http_methods(["GET", "POST"])
def ticket(request: HttpRequest, key: str) -> HttpResponse:
    """Show one, and take an answer; it closes by a later delivery alone."""
    account, form = caller(request).account, Answer(request.POST if request.method == "POST" else None)
    with opened() as (version, connection):
        row = next(
            (each for each in _of(version, connection, caller(request).systems) if each["ticket_id"] == key), None
        )
    if row is None:
        raise Http404
    if request.method == "POST" and form.is_valid():
        text = " ".join(form.cleaned_data["text"].split())
        body = TicketAnswer(ticket_id=key, verdict=form.cleaned_data["verdict"], text=text)
        with open_ledger(settings()) as ledger:
            access.permit(ledger, account, "answer_ticket", system=row["system"])
            event = ledger.append("ticket_answer", key, body, account)
        closing = say(
            "以后送来的数据里没有这个问题了，才算办结。", "It closes when a later delivery is without the failure."
        )
        following = Link(say("看下一张", "The next"), "/tickets")
        return receipt.page(request, say("已答复", "Answered"), following, receipt=event.receipt, following=closing)
    said = {"row": row, "form": form, "trail": [Link(say("问题单", "Tickets"), "/tickets")]}
    return render(request, "portal/ticket.html", said)


def _of(version: Version, connection: duckdb.DuckDBPyConnection, systems: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the tickets of these systems that are not closed, with the answers given since the version was made."""
    listed = ", ".join(literal(name) for name in systems) or "null"
    cursor = connection.execute(
        f"""select * from quality.ticket where system in ({listed}) and state <> 'closed'
        order by not is_overdue, due_date, count desc, ticket_id"""
    )
    names = [column[0] for column in cursor.description or ()]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    since = version.manifest["created"]
    later = {each.subject: each for each in history.read(settings()).answers if each.at.isoformat() > since}
    for row in found:
        if said := later.get(row["ticket_id"]):
            row |= {"state": "answered", "answer": said.body.verdict, "is_overdue": False}
        row["state_title"] = STATES[row["state"]]
        row["system_title"] = contracts()[row["system"]].title if row["system"] in contracts() else row["system"]
        row["element_title"] = elements()[row["element_id"]].title if row["element_id"] in elements() else ""
    return found


paths = [path("tickets", tickets), path("tickets/<key:key>", ticket)]
