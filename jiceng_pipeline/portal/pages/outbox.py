"""社区采集 (outbox): what communities collected for an officer's systems, each with the department's answer."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.forms import outbox
from jiceng_pipeline.forms.outbox import VERDICTS, Sent
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import place_names, receipt
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.reading import opened, settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.standard.register import Element, element

SHOWN = 100
_TAGS = {"waiting": "wait", "taken_over": "done", "refused": "doubt"}


class Answer(forms.Form):
    """Did the department take it over?"""

    verdict = forms.ChoiceField(
        widget=forms.RadioSelect, choices=[("taken_over", "已采用，本系统照此更新"), ("refused", "没有采用")]
    )
    reason = forms.CharField(max_length=200, required=False)

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["verdict"].label = say("采用吗？", "Is it taken over?")
        self.fields["verdict"].error_messages["required"] = say("请选一项", "Choose one")
        self.fields["reason"].label = say("没有采用的原因（不写个人信息）", "Why not, without personal values")

    def clean(self) -> dict[str, Any]:
        """Ask why, where it was not taken over."""
        told = super().clean() or {}
        told["reason"] = " ".join(told.get("reason", "").split())
        if told.get("verdict") == "refused" and not told["reason"]:
            self.add_error("reason", say("请写明没有采用的原因", "Say why it was not taken over"))
        return told


@scoped(Scope.ACT, act=outbox.ACT)
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """List what was sent to the officer's systems: what waits first, then the newest; no values."""
    with open_ledger(settings()) as ledger:
        found = outbox.received(ledger, caller(request).systems)
    found.sort(key=lambda each: (each.verdict != "waiting", -each.number))
    said = {
        "rows": [_told(each) for each in found[:SHOWN]],
        "total": len(found),
        "waiting": sum(each.verdict == "waiting" for each in found),
    }
    return render(request, "portal/outbox.html", said)


@scoped(Scope.ACT, act=outbox.ACT)
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, number: int) -> HttpResponse:
    """Show one value with the record it belongs to, and take the department's answer."""
    account, form = caller(request).account, Answer(request.POST if request.method == "POST" else None)
    with open_ledger(settings()) as ledger:
        found = outbox.received(ledger, caller(request).systems)
        sent = next((each for each in found if each.number == number), None)
        if sent is None:
            raise Http404
        if request.method == "POST" and form.is_valid():
            outbox.answer(ledger, account, sent.outbox, form.cleaned_data["verdict"], form.cleaned_data["reason"])
            return receipt.page(
                request, say("已答复", "Answered"), Link(say("看下一条", "The next"), "/outbox"),
                following=say("采集的社区看得到这个答复。", "The community that collected it sees the answer."),
            )  # fmt: skip
        collected = outbox.value(ledger, account, sent)
    said = {
        "form": form,
        "row": _told(sent),
        "value": _words(element(sent.element_id), collected.body.value),
        "day": collected.body.collected_date,
        "records": _records(sent),
        "trail": [Link(say("社区采集", "Collected"), "/outbox")],
    }
    return render(request, "portal/outbox_value.html", said)


def _records(sent: Sent) -> list[str]:
    """Return the keys of the records that the system itself holds of the person or enterprise."""
    with opened() as (_, connection):
        rows = connection.execute(
            f"""select record_id from matching.{sent.entity}_candidate
            where entity_id = ? and system = ? order by record_id""",
            [sent.entity_id, sent.system],
        ).fetchall()
    return [key for (key,) in rows]


def _words(of: Element, value: str) -> str:
    if of.type == "boolean":
        return {"true": "是", "false": "否"}.get(value, value)
    return code_sets()[of.code_set].get(value, value) if of.code_set else value


def _told(sent: Sent) -> dict[str, Any]:
    return {
        "number": sent.number,
        "title": element(sent.element_id).title,
        "system": contracts()[sent.system].title if sent.system in contracts() else sent.system,
        "place": place_names.title(sent.community_code),
        "sent": sent.sent,
        "state": VERDICTS[sent.verdict],
        "tag": _TAGS[sent.verdict],
        "reason": sent.reason,
    }


paths = [path("outbox", listed), path("outbox/<int:number>", one)]
