"""在线填表: one person a page, saved at every step, looked over once more, handed in with a receipt, printed."""

from typing import Any

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods

from jiceng_pipeline.core.clock import LOCAL, now
from jiceng_pipeline.forms import readback
from jiceng_pipeline.forms.definition import Form
from jiceng_pipeline.forms.report import FATES
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import drafts, paper, place_names
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.drafts import VERDICT, Line
from jiceng_pipeline.portal.models import Draft
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.pages.forms import found as form_of
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import current, opened, settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.step import Step
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.returns import access

SHOWN = 50
_COMMUNITY_DIGITS = 12


@scoped(Scope.PLACE)
@require_http_methods(["GET", "POST"])
def overview(request: HttpRequest, scope: str, name: str) -> HttpResponse:
    """Begin, go on or give up: who is in the form and who is done."""
    form = _form(scope, name)
    if first := _asked_before(request, scope):
        return first
    if request.method == "POST":
        draft = drafts.of(_user(request), form, scope)
        if request.POST.get("what") == "drop" and draft:
            drafts.drop(settings(), draft)
            return HttpResponseRedirect(f"/at/{scope}/forms")
        drafts.start(settings(), _user(request), form, scope)
        return HttpResponseRedirect(f"/at/{scope}/fill/{name}")
    draft = drafts.of(_user(request), form, scope)
    rows = _rows(request, form, draft) if draft else []
    left = [number for number, line, _ in rows if line.entity_id not in (draft.answers if draft else {})]
    said = {
        **_said(scope, form),
        "draft": draft,
        "rows": rows[:SHOWN] if "all" not in request.GET else rows,
        "total": len(rows),
        "done": len(rows) - len(left),
        "next": left[0] if left else 0,
        "is_short": len(rows) > SHOWN and "all" not in request.GET,
    }
    return render(request, "portal/form_filling.html", said)


@scoped(Scope.PLACE)
@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, scope: str, name: str, number: int) -> HttpResponse:
    """Ask about one person; what is right is kept, and the next one follows."""
    form = _form(scope, name)
    if first := _asked_before(request, scope):
        return first
    draft = _draft(request, form, scope)
    rows = _rows(request, form, draft, number)
    line = next((line for at, line, _ in rows if at == number), None)
    if line is None:
        raise Http404
    asked = Step(form, line, draft.answers.get(line.entity_id, {}), request.POST if request.method == "POST" else None)
    if request.method == "POST":
        with opened() as (_, connection):
            answers = asked.check(connection)
        if answers is not None:
            drafts.save(draft, line.entity_id, answers)
            after = [at for at, each, _ in rows if each.entity_id not in draft.answers]
            onwards = next((at for at in after if at > number), after[0] if after else 0)
            if "back" in request.GET or not onwards:
                return HttpResponseRedirect(f"/at/{scope}/fill/{name}/check")
            return HttpResponseRedirect(f"/at/{scope}/fill/{name}/{onwards}")
    said = {
        **_said(scope, form),
        "form": asked,
        "line": line,
        "number": number,
        "total": len(rows),
        "title": form.title,
        "steps": [*_said(scope, form)["trail"], Link(form.title, f"/at/{scope}/fill/{name}")],
    }
    return render(request, "portal/form_step.html", said)


@scoped(Scope.PLACE)
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, scope: str, name: str) -> HttpResponse:
    """Show the answers once more, then hand them in and tell what became of them."""
    form = _form(scope, name)
    if first := _asked_before(request, scope):
        return first
    if request.method == "POST":
        handed_in = None
        if begun := drafts.of(_user(request), form, scope):
            _rows(request, form, begun)
            handed_in = drafts.hand_in(settings(), begun)
        if handed_in is None:
            return _handed_in_before(request, form, scope)
        report, lines = handed_in
        counts = [(words, report.counts[fate]) for fate, words in FATES.items() if report.counts[fate]]
        told = {"report": report, "counts": counts, "scope": scope, "lines": lines, "online": True,
                "name": name, "trail": _said(scope, form)["trail"]}  # fmt: skip
        return render(request, "portal/form_report.html", told)
    draft = _draft(request, form, scope)
    rows = _rows(request, form, draft)
    return render(request, "portal/form_check.html", {**_said(scope, form), **_answered(form, draft, rows)})


@scoped(Scope.PLACE)
@require_GET
def printed(request: HttpRequest, scope: str, name: str) -> HttpResponse:
    """Hand out what was answered so far as a page to print and sign."""
    form = _form(scope, name)
    if first := _asked_before(request, scope):
        return first
    draft = _draft(request, form, scope)
    said = {
        **_said(scope, form),
        **_answered(form, draft, _rows(request, form, draft)),
        "watermark": f"{caller(request).account} · {now().astimezone(LOCAL):%Y-%m-%d %H:%M}",
    }
    content = paper.printed(render_to_string("portal/form_print.html", said))
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(True, f"{said['place']}_{form.title}.pdf")
    return response


def _form(scope: str, name: str) -> Form:
    form = form_of(name)
    if len(scope) != _COMMUNITY_DIGITS:
        raise Http404
    return form


def _asked_before(request: HttpRequest, scope: str) -> HttpResponse | None:
    """Ask for the post that may fill forms, and for the second factor: names are in full."""
    with open_ledger(settings()) as ledger:
        access.permit(ledger, caller(request).account, readback.ACT, scope=scope)
    return second_factor.asked(request)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _draft(request: HttpRequest, form: Form, scope: str) -> Draft:
    found = drafts.of(_user(request), form, scope)
    if found is None:
        raise Http404
    return found


def _handed_in_before(request: HttpRequest, form: Form, scope: str) -> HttpResponse:
    """Answer who presses a second time, or goes back and presses again: with the receipt of the first."""
    with open_ledger(settings()) as ledger:
        own = [each for each in ledger.on("submission", f"{form.id}:{scope}") if each.actor == caller(request).account]
    if not own:
        raise Http404
    said = {
        "heading": say("这张表已经交上去了，没有再交一次", "This form was handed in before, and is not once more"),
        "receipt": own[-1].receipt,
        "links": [Link(say("回到报表", "Back to the forms"), f"/at/{scope}/forms")],
        "trail": _said(scope, form)["trail"],
    }
    return render(request, "portal/done.html", said)


def _rows(
    request: HttpRequest, form: Form, draft: Draft, only: int = 0
) -> list[tuple[int, Line, dict[str, str] | None]]:
    """Return (number, line, answers) of the lines; leave is asked anew, for a grant may have ended since."""
    lines = drafts.lines(settings(), draft)
    with open_ledger(settings()) as ledger:
        leave = access.authorise(
            ledger, caller(request).account, form.dataset, draft.scope, "full", form.purpose,
            action="form", version=current().name, channel="page",
        )  # fmt: skip
        shown = [line.entity_id for at, line in enumerate(lines, 1) if only in {0, at}]
        access.served(ledger, leave, len(shown), shown)
    return [(at, line, draft.answers.get(line.entity_id)) for at, line in enumerate(lines, 1)]


def _said(scope: str, form: Form) -> dict[str, Any]:
    return {
        "scope": scope,
        "place": place_names.title(scope),
        "told": form,
        "asked": [each.heading for each in form.asked],
        "trail": [*trail(scope), Link(say("报表", "Forms"), f"/at/{scope}/forms")],
    }


def _answered(form: Form, draft: Draft, rows: list[tuple[int, Line, dict[str, str] | None]]) -> dict[str, Any]:
    headings = {each.element: each.heading for each in form.columns} | {VERDICT: say("核实", "Found")}
    filled = [
        (number, line.name, [(headings[element], text) for element, text in answers.items() if element in headings])
        for number, line, answers in rows
        if answers
    ]
    return {"filled": filled, "left": len(rows) - len(filled), "draft": draft}


_AT = "at/<division:scope>/fill/<name:name>"
paths = [
    path(_AT, overview),
    path(f"{_AT}.pdf", printed),
    path(f"{_AT}/check", check),
    path(f"{_AT}/<int:number>", step),
]
