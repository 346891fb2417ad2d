"""提出异议 and 核实无误: what a clerk says of one cell, checked once more before it is sent, with a receipt."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from jiceng_pipeline.core import clock
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.forms import intake
from jiceng_pipeline.forms.intake import Said, Whom
from jiceng_pipeline.ledger.kinds.dispute import Dispute
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import receipt
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.dossier import Cell, Dossier
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.pages.entity import NAMES, cell_of, cell_trail, read, shown
from jiceng_pipeline.portal.reading import current, opened, settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.returns import access
from jiceng_pipeline.warehouse.connection import identifier

BASES = ("本人说的", "看过证件", "上门见到", "邻居或楼组长说的", "社区台账")


class Doubt(forms.Form):
    """What should stand there instead, and how one knows."""

    believed = forms.CharField(max_length=200, required=False)
    basis = forms.ChoiceField(widget=forms.RadioSelect)

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["believed"].label = say("应该是什么？", "What should it be?")
        self.fields["believed"].help_text = say("不知道就留空。", "Leave it empty if you do not know.")
        basis = self.fields["basis"]
        assert isinstance(basis, forms.ChoiceField)
        basis.choices = [(each, each) for each in BASES]
        basis.label = say("怎么知道的？", "How do you know?")
        basis.error_messages["required"] = say("请选一项：怎么知道的", "Choose how you know")


@scoped(Scope.PLACE)
@require_http_methods(["GET", "POST"])
def dispute(request: HttpRequest, scope: str, kind: str, key: str, element: str) -> HttpResponse:
    """Ask, show the answers, send."""
    if first := second_factor.asked(request):
        return first
    with read(request, scope, kind, key, full=True) as (found, _):
        one = cell_of(found, element)
    if not one.asked:  # nobody would ever answer
        raise Http404
    form = Doubt(request.POST if request.method == "POST" else None)
    said: dict[str, Any] = {
        "form": form,
        "dossier": found,
        "cell": one,
        "trail": cell_trail(scope, found, NAMES[kind]),
        "back": f"/at/{scope}/{kind}/{key}/{element}",
        "asked": [contracts()[name].title for name in one.asked],
    }
    if request.method == "POST" and form.is_valid():
        if "sent" not in request.POST:
            return render(request, "portal/doubt_check.html", said)
        number = _doubted(caller(request).account, found, one, form.cleaned_data)
        return _done(request, scope, number, say("异议已送出", "Sent"), say(
            f"系统已经去问：{'、'.join(said['asked'])}。下次更新起，这个值会标上“存疑”，直到部门答复。",
            "The source departments are asked. From the next update on the value is marked as doubtful.",
        ), f"/at/{scope}/{kind}/{key}")  # fmt: skip
    return render(request, "portal/doubt.html", said)


@scoped(Scope.PLACE)
@require_POST
def verify(request: HttpRequest, scope: str, kind: str, key: str, element: str) -> HttpResponse:
    """Note down that the value that stands was looked at and is right."""
    if first := second_factor.asked(request):
        return first
    with read(request, scope, kind, key, full=True) as (found, _):
        one = cell_of(found, element)
    if one.source is None or one.element.collection is None:
        raise Http404
    if request.POST.get("seen") != one.seen:  # an update came between looking and pressing
        return shown(request, scope, found, one, has_changed=True)
    number = _verified(caller(request).account, found, one)
    return _done(request, scope, number, say("已记下：核实无误", "Noted: it is right"), say(
        "下次更新起，这一项算作刚刚核实过，别的表不用再问。", "From the next update on it counts as checked today."
    ), f"/at/{scope}/{kind}/{key}")  # fmt: skip


def _doubted(account: str, found: Dossier, one: Cell, said: dict[str, str]) -> str:
    body = Dispute(
        entity=found.entity,  # type: ignore[arg-type]
        entity_id=found.key,
        element_id=one.element.id,
        believed_value=said["believed"].strip(),
        basis=said["basis"],
        community_code=found.community_code,
        systems=tuple(one.asked),
        record_id=one.source.record_id if one.source else None,
    )
    with open_ledger(settings()) as ledger:
        access.permit(ledger, account, "dispute", found.community_code)
        return ledger.append("dispute", body.subject, body, account).receipt


def _verified(account: str, found: Dossier, one: Cell) -> str:
    assert one.source is not None
    whom = Whom(found.entity, found.key, one.source.record_id)  # type: ignore[arg-type]
    said = Said(whom, one.element.id, _canonical(found.entity, one), "verified")
    with open_ledger(settings()) as ledger:
        access.permit(ledger, account, "verify", found.community_code)
        (taken,) = intake.take(
            ledger, account, [said], community=found.community_code, day=clock.business_date(settings()),
            source="portal", base_version=current().name,
        )  # fmt: skip
    return taken.receipt


def _canonical(entity: str, one: Cell) -> str:
    """Return the value as standard tables have it: a code, not its words."""
    assert one.source is not None
    with opened() as (_, connection):
        value = f"cast({identifier(one.element.id)} as varchar)"
        rows = connection.execute(
            f"select {value} from matching.{entity}_candidate where record_id = ?", [one.source.record_id]
        ).fetchall()
    return str(rows[0][0])


def _done(request: HttpRequest, scope: str, number: str, heading: str, following: str, back: str) -> HttpResponse:
    verify = Link(say("核实下一件", "The next one"), f"/at/{scope}/verify")
    return receipt.page(
        request, heading, verify, Link(say("回到这一份", "Back"), back), receipt=number, following=following
    )


_AT = "at/<division:scope>/<entity:kind>/<key:key>/<name:element>"
paths = [path(f"{_AT}/dispute", dispute), path(f"{_AT}/verify", verify)]
