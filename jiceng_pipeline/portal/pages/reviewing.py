"""看看是不是同一个人: one pair of records a page, what speaks for and against in words, and the clerk's own word."""

from dataclasses import dataclass
from typing import Any

import duckdb
from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from jiceng_pipeline.departments.contract import systems
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.matching import explanation, judgement, review
from jiceng_pipeline.matching.review import Question
from jiceng_pipeline.portal import place_names, receipt
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import opened, settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.returns import access, datasets
from jiceng_pipeline.returns.access import Access, authorise, served
from jiceng_pipeline.returns.wording import in_words
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse.connection import identifier

SHOWN = 20
_ASKED_AT_MOST = 100_000
_SHOWN_ELEMENTS = ("name", "citizen_id", "sex_code", "birth_date", "phone", "dwelling_address", "registered_address")
_REASONS = {
    "borrowed": "两个名字用了同一个证号",
    "ambiguous": "可能是这一个，也可能是另一个",
    "possible": "可能是同一个人，还不够肯定",
}
VERDICTS = (("same", "是同一个人"), ("different", "不是同一个人"), ("unsure", "说不准，以后再问"))
BASES = ("本人说的", "看过证件", "社区台账", "认识这个人", "看不出来")


@dataclass(frozen=True)
class Side:
    """One of the two records; where it lies outside the division, only its system is told."""

    title: str
    is_ours: bool
    cells: tuple[tuple[str, str], ...]


class Verdict(forms.Form):
    """The answer and what it rests on."""

    verdict = forms.ChoiceField(widget=forms.RadioSelect, choices=VERDICTS)
    basis = forms.ChoiceField(widget=forms.RadioSelect, choices=[(each, each) for each in BASES])

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        for name, label, missing in (
            ("verdict", say("您看是不是？", "Is it?"), say("请选一项：是不是同一个人", "Choose an answer")),
            ("basis", say("凭什么这样说？", "How do you know?"), say("请选一项：凭什么", "Choose a basis")),
        ):
            self.fields[name].label = label
            self.fields[name].error_messages["required"] = missing


@scoped(Scope.PLACE)
@require_GET
def listed(request: HttpRequest, scope: str) -> HttpResponse:
    """List the pairs that wait, those first whose answer changes most."""
    with opened() as (_, connection), open_ledger(settings()) as ledger:
        leave = _leave(ledger, caller(request).account, scope)
        found = questions(connection, ledger, scope)
        served(ledger, leave, 0)
    rows = [(each, _REASONS[each.reason], _title(each.system), _title(each.other_system)) for each in found[:SHOWN]]
    said = {"scope": scope, "rows": rows, "total": len(found), "trail": trail(scope)}
    return render(request, "portal/reviews.html", said)


@scoped(Scope.PLACE)
@require_http_methods(["GET", "POST"])
def pair(request: HttpRequest, scope: str, one: str, other: str) -> HttpResponse:
    """Show a pair, and take the answer."""
    account, form = caller(request).account, Verdict(request.POST if request.method == "POST" else None)
    with opened() as (_, connection), open_ledger(settings()) as ledger:
        leave = _leave(ledger, account, scope)
        question = next(
            (q for q in questions(connection, ledger, scope) if (q.record_id, q.other_record_id) == (one, other)), None
        )
        if question is None:
            raise Http404
        if request.method == "POST" and form.is_valid():
            access.permit(ledger, account, "judge_duplicate", scope)
            said = form.cleaned_data
            event = judgement.decide(
                connection, settings(), ledger, said["verdict"], (one, other), said["basis"], account, "resident"
            )
            following = "下次更新起生效。判断错了可以请管理员撤回。"
            return receipt.page(
                request, say("已记下您的判断", "Your answer is noted"),
                Link(say("看下一对", "The next pair"), f"/at/{scope}/review"),
                Link(say("回到今天要办的事", "Home"), f"/at/{scope}"),
                receipt=event.receipt,
                following=say(following, "It counts from the next update on, and can be undone."),
            )  # fmt: skip
        told = explanation.explain(connection, settings(), one, other)
        sides = [
            _side(connection, leave, question.record_id, question.system),
            _side(connection, leave, question.other_record_id, question.other_system),
        ]
        served(ledger, leave, 2, [question.entity_id, question.other_entity_id])
    shown = {
        "scope": scope,
        "form": form,
        "sides": sides,
        "reason": _REASONS[question.reason],
        "steps": [(step, step.bits > 0) for step in told.steps[1:]],
        "trail": [*trail(scope), Link(say("待判断", "To decide"), f"/at/{scope}/review")],
        "place": place_names.title(scope),
    }
    return render(request, "portal/review.html", shown)


def questions(connection: duckdb.DuckDBPyConnection, ledger: Ledger, scope: str) -> list[Question]:
    """Return the pairs of which one side at least lives in the division, unanswered."""
    within = {
        key
        for (key,) in connection.execute(
            """with asked as (
                select record_id_a as record_id from matching.resident_review
                union select record_id_b from matching.resident_review
            )
            select distinct l.entity_id from asked join matching.resident_link as l using (record_id)
            join governance.resident as g on g.resident_id = l.entity_id
            where starts_with(g.community_code, ?)""",
            [scope.rstrip("*")],
        ).fetchall()
    }
    found = review.open_review(connection, settings(), ledger, "resident", _ASKED_AT_MOST) if within else []
    return [each for each in found if each.entity_id in within or each.other_entity_id in within]


def _leave(ledger: Ledger, account: str, scope: str) -> Access:
    dataset = datasets.find(settings(), "resident_register")
    return authorise(ledger, account, dataset, scope, action="review", channel="page", elements=_SHOWN_ELEMENTS)


def _side(connection: duckdb.DuckDBPyConnection, leave: Access, record: str, system: str) -> Side:
    """Return what may be seen of a record."""
    found = connection.execute(
        f"""select 1 from matching.resident_link as l join governance.resident as g on g.resident_id = l.entity_id
        where l.record_id = ? and {leave.where("g.community_code")}""",
        [record],
    ).fetchall()
    if not found:
        return Side(_title(system), False, ())
    shown = [element(each) for each in _SHOWN_ELEMENTS]
    cells = ", ".join(
        f"coalesce(cast({in_words(each, leave.maskings[each.id].sql(identifier(each.id)), {})} as varchar), '')"
        for each in shown
    )
    (row,) = connection.execute(
        f"select {cells} from standard.resident_record where record_id = ?", [record]
    ).fetchall()
    return Side(_title(system), True, tuple(zip((each.title for each in shown), row, strict=True)))


def _title(system: str) -> str:
    known = systems().get(system)
    return known.title if known else system


paths = [
    path("at/<division:scope>/review", listed),
    path("at/<division:scope>/review/<key:one>/<key:other>", pair),
]
