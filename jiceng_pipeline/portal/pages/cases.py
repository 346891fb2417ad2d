"""交办事项 (handovers): matters between a community and departments: in whose hand, until when, what was said."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.exchange import handover
from jiceng_pipeline.exchange.handover import Case
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import place_names, receipt, work
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.ended import ended
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say, worded

STEPS = {"open": "提出", "pass": "转办", "answer": "答复", "close": "办结"}
_COMMUNITY_DIGITS = 12


class Opened(forms.Form):
    """What is the matter, who is to see to it."""

    title = forms.CharField(max_length=100)
    to = forms.ChoiceField()
    text = forms.CharField(max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        worded(self.fields["title"], say("什么事（不写个人信息）", "What is the matter, without personal values"))
        worded(self.fields["to"], say("请哪个部门办", "Which department"), say("五个工作日内答复", "Five working days"))
        worded(self.fields["text"], say("再说明一下", "More about it"))
        _choices(self, "to", [(name, title) for name, title in departments().items()])


class Asked(forms.Form):
    """What a department wants a community to see to."""

    title = forms.CharField(max_length=100)
    community = forms.RegexField(r"^\s*\d{12}\s*$", max_length=14)
    text = forms.CharField(max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        worded(self.fields["title"], say("什么事（不写个人信息）", "What is the matter, without personal values"))
        worded(self.fields["community"], say("请哪个社区办", "Which community"), say("十二位代码", "Twelve digits"))
        worded(self.fields["text"], say("再说明一下", "More about it"))


class Moved(forms.Form):
    """What was done about it; what may be done depends on in whose hand it is."""

    step = forms.ChoiceField(widget=forms.RadioSelect)
    to = forms.ChoiceField(required=False)
    text = forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, may: list[str], *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        worded(self.fields["step"], say("怎么办", "What now"), missing=say("请选一项", "Choose one"))
        worded(self.fields["to"], say("转给谁（选转办时填）", "To whom, if it is passed on"))
        worded(self.fields["text"], say("说明（不写个人信息）", "A word, without personal values"))
        _choices(self, "step", [(each, STEPS[each]) for each in may])
        if "pass" in may:
            _choices(self, "to", [("", say("不转", "nobody")), *departments().items()])
        else:
            del self.fields["to"]


@scoped(Scope.PLACE)
@require_GET
def of_place(request: HttpRequest, scope: str) -> HttpResponse:
    """List the matters of a community or, above it, of all that lie below."""
    with open_ledger(settings()) as ledger:
        work.looked_at(ledger, caller(request).account, work.CASES, scope)
        found = handover.cases(settings(), ledger, with_closed=True)
    here = [each for each in found if each.now.community_code.startswith(scope.rstrip("*"))]
    said = {
        "scope": scope,
        "place": place_names.title(scope),
        "rows": _told(here, (scope,)),
        "ended": ended(),
        "at": f"/at/{scope}/cases",
        "may_open": len(scope) == _COMMUNITY_DIGITS and caller(request).may("answer_task"),
        "trail": trail(scope),
    }
    return render(request, "portal/cases.html", said)


@scoped(Scope.PLACE)
@require_http_methods(["GET", "POST"])
def open_one(request: HttpRequest, scope: str) -> HttpResponse:
    """Open a matter and hand it to a department."""
    if len(scope) != _COMMUNITY_DIGITS:
        raise Http404
    form = Opened(request.POST if request.method == "POST" else None)
    heading = say("请部门办一件事", "Ask a department")
    return _opened(request, form, heading, scope, f"/at/{scope}/cases", trail(scope))


@scoped(Scope.PLACE)
@require_http_methods(["GET", "POST"])
def one_of_place(request: HttpRequest, scope: str, key: str) -> HttpResponse:
    """Show one matter of a division; the community that holds it acts."""
    steps = [*trail(scope), Link(say("交办事项", "Matters"), f"/at/{scope}/cases")]
    with open_ledger(settings()) as ledger:
        work.looked_at(ledger, caller(request).account, work.CASES, scope)
    case = _case(key)
    if case is None or not case.now.community_code.startswith(scope.rstrip("*")):
        raise Http404
    sides = (scope,) if len(scope) == _COMMUNITY_DIGITS and caller(request).may("answer_task") else ()
    return _one(request, case, sides, f"/at/{scope}/cases", steps)


@scoped(Scope.ACT, act="answer_ticket")
@require_GET
def of_department(request: HttpRequest) -> HttpResponse:
    """List the matters that the officer's departments opened or hold."""
    sides = _departments(caller(request).systems)
    with open_ledger(settings()) as ledger:
        found = [
            each
            for each in handover.cases(settings(), ledger, with_closed=True)
            if {each.now.opener, each.now.holder} & set(sides)
        ]
    said = {
        "rows": _told(found, sides),
        "ended": ended(),
        "at": "/cases",
        "may_open": True,
        "place": "、".join(_side(each) for each in sides),
    }
    return render(request, "portal/cases.html", said)


@scoped(Scope.ACT, act="answer_ticket")
@require_http_methods(["GET", "POST"])
def one_of_department(request: HttpRequest, key: str) -> HttpResponse:
    """Show one matter to a department that has had it in hand."""
    sides, case = _departments(caller(request).systems), _case(key)
    if case is None or not {s for step in case.steps for s in (step.body.opener, step.body.holder)} & set(sides):
        raise Http404
    return _one(request, case, sides, "/cases", [Link(say("交办事项", "Matters"), "/cases")])


@scoped(Scope.ACT, act="answer_ticket")
@require_http_methods(["GET", "POST"])
def open_as_department(request: HttpRequest) -> HttpResponse:
    """Open a matter and hand it to a community."""
    form = Asked(request.POST if request.method == "POST" else None)
    (side, *_) = _departments(caller(request).systems)
    return _opened(request, form, say("请社区办一件事", "Ask a community"), side, "/cases", [])


def departments() -> dict[str, str]:
    """Return department → its name, from the contracts."""
    return {each.department: each.owner.name.partition(" ")[0] for each in contracts().values()}


def _opened(
    request: HttpRequest, form: Opened | Asked, heading: str, opener: str, back: str, steps: list[Link]
) -> HttpResponse:
    """Ask for a matter and open it; between a community and a department one of the two is the opener's side."""
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        community = said["community"].strip() if isinstance(form, Asked) else opener
        try:
            with open_ledger(settings()) as ledger:
                made = handover.open_case(
                    settings(), ledger, caller(request).account, opener=opener, to=said.get("to") or community,
                    community=community, title=said["title"], text=said["text"],
                )  # fmt: skip
        except UsageError as wrong:
            form.add_error(None, f"{wrong.what}；{wrong.cure}")
        else:
            due = made.due_date.isoformat() if made.due_date else ""
            following = say(f"{_side(made.holder)}应在 {due} 前答复。", f"An answer is due by {due}.")
            return _done(request, say("已交办", "Handed over"), made.case_id, following, back)
    told = {
        "form": form,
        "heading": heading,
        "submit": say("交出去", "Hand it over"),
        "back": back,
        "trail": [*steps, Link(say("交办事项", "Matters"), back)],
    }
    return render(request, "portal/form.html", told)


def _one(request: HttpRequest, case: Case, sides: tuple[str, ...], back: str, steps: list[Link]) -> HttpResponse:
    by = next((side for side in sides if side == case.now.holder), None) or next(
        (side for side in sides if side == case.now.opener), None
    )
    may = _may(case, by)
    form = Moved(may, request.POST if request.method == "POST" else None) if may else None
    if form is not None and by is not None and request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            with open_ledger(settings()) as ledger:
                made = handover.move(
                    settings(), ledger, case.now.case_id, caller(request).account, by=by, step=said["step"],
                    text=said["text"], to=said.get("to") or None,
                )  # fmt: skip
        except UsageError as wrong:
            form.add_error(None, f"{wrong.what}；{wrong.cure}")
        else:
            heading = say(f"已{STEPS[made.step]}", "Noted")
            where = say(f"现在在{_side(made.holder)}手上。", "") if made.step != "close" else ""
            return _done(request, heading, made.case_id, where, back)
    told = {
        "case": case,
        "ended": ended(),
        "holder": _side(case.now.holder),
        "opener": _side(case.now.opener),
        "steps": [(STEPS[each.body.step], _side(each.body.holder), each.body, each.actor) for each in case.steps],
        "form": form,
        "trail": steps,
    }
    return render(request, "portal/case.html", told)


def _may(case: Case, by: str | None) -> list[str]:
    if by is None or not case.is_open:
        return []
    own = ["answer", "pass"] if by == case.now.holder and case.now.step != "answer" else []
    own += ["pass"] if by == case.now.holder and case.now.step == "answer" else []
    return [*own, *(["close"] if by == case.now.opener else [])]


def _case(key: str) -> Case | None:
    with open_ledger(settings()) as ledger:
        try:
            return handover.find(settings(), ledger, key)
        except UsageError:
            return None


def _told(found: list[Case], sides: tuple[str, ...]) -> list[tuple[Case, str, bool]]:
    """Return (case, in whose hand, whether it is ours to act), what is open and ours first."""
    rows = [(each, _side(each.now.holder), each.is_open and each.now.holder in sides) for each in found]
    return sorted(rows, key=lambda row: (not row[0].is_open, not row[2]))


def _departments(systems: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.partition("/")[0] for each in systems))


def _side(name: str) -> str:
    return place_names.title(name) if name.isdigit() else departments().get(name, name)


def _choices(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def _done(request: HttpRequest, heading: str, number: str, following: str, back: str) -> HttpResponse:
    return receipt.page(
        request, heading, Link(say("回到交办事项", "Back to the matters"), back), receipt=number, following=following
    )


_AT = "at/<division:scope>/cases"
paths = [
    path(_AT, of_place),
    path(f"{_AT}/new", open_one),
    path(f"{_AT}/<key:key>", one_of_place),
    path("cases", of_department),
    path("cases/new", open_as_department),
    path("cases/<key:key>", one_of_department),
]
