"""数据共享 (sharing): what may be asked for, and requests on their way: each side sees its own, an auditor all."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.exchange import request as requests
from jiceng_pipeline.exchange import sharing
from jiceng_pipeline.exchange.request import STATES, Course
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import place_names, receipt
from jiceng_pipeline.portal.caller import Caller, Link
from jiceng_pipeline.portal.pages.cases import departments
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.sharing_forms import Said, Wish
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.returns import access, datasets, holding, masks
from jiceng_pipeline.standard.register import element

_STEPS = {"check": "合规审查", "answer": "提供方答复", "withdraw": "撤回", "revoke": "收回授权"}
_DONE = {"check": "已审查", "answer": "已答复", "withdraw": "已撤回", "revoke": "已收回授权"}


@scoped(Scope.ACCOUNT)
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """List the requests that wait for the reader and those the reader made; an auditor sees all, late ones first."""
    who = caller(request)
    _permit(who)
    with open_ledger(settings()) as ledger:
        every = sorted(requests.every(settings(), ledger), key=lambda course: -course.days_late)
        ours = _divisions(ledger, who)
    said = {
        "mine": [_told(each) for each in every if each.request.applicant == who.account],
        "waiting": [_told(each) for each in every if _acts(each, who, ours) & {"check", "answer"}],
        "given": [_told(each) for each in every if "revoke" in _acts(each, who, ours)],
        "all": [_told(each) for each in every] if who.may("read_audit") else [],
        "reads_all": who.may("read_audit"),
        "may_ask": who.may("request_data"),
        "may_answer": who.may("approve_request"),
    }
    return render(request, "portal/sharing.html", said)


@scoped(Scope.ACCOUNT)
@require_GET
def catalogue(request: HttpRequest) -> HttpResponse:
    """List what there is: whose it is, how it is shared, how good it is."""
    _permit(caller(request))
    known = datasets.datasets(settings())
    rows = [
        (each, "、".join(each.owners), sharing.SHARINGS[each.sharing], each.name in known)
        for each in sharing.catalogue(settings())
    ]
    said = {
        "rows": rows,
        "may_ask": caller(request).may("request_data"),
        "trail": [Link(say("数据共享", "Sharing"), "/sharing")],
    }
    return render(request, "portal/sharing_catalogue.html", said)


@scoped(Scope.ACT, act="request_data")
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for some elements of a dataset, for a place, a purpose and a time."""
    if name not in datasets.datasets(settings()):
        raise Http404
    dataset = datasets.find(settings(), name)
    form = Wish(dataset, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            with open_ledger(settings()) as ledger:
                course = requests.submit(
                    settings(), ledger, caller(request).account, dataset=name, scope=said["scope"],
                    purpose=said["purpose"], legal_basis=said["legal_basis"], until=said["until"],
                    elements=tuple(said["elements"]), profile=said["profile"],
                )  # fmt: skip
        except UsageError as wrong:
            form.add_error(None, f"{wrong.what}；{wrong.cure}")
        else:
            due = course.due_date.isoformat() if course.due_date else ""
            following = say(
                f"先做合规审查，{due} 前答复；再由提供方答复。", f"Checked by {due}, then answered by owners."
            )
            if course.state != "checking":
                following = say(
                    f"同样的申请已经交过，现在：{requests.STATES[course.state]}。",
                    f"Asked before; now: {course.state}.",
                )
            return _done(request, say("申请已交", "Asked"), course.request.request_id, following)
    told = {
        "form": form,
        "heading": say(f"申请数据：{dataset.title}", f"Ask for {dataset.title}"),
        "lead": dataset.purpose,
        "submit": say("交申请", "Ask"),
        "back": "/sharing/catalogue",
        "trail": [Link(say("数据共享", "Sharing"), "/sharing"), Link(say("目录", "Catalogue"), "/sharing/catalogue")],
    }
    return render(request, "portal/form.html", told)


@scoped(Scope.ACCOUNT)
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, key: str) -> HttpResponse:
    """Show one request with its course, and take the step that is the reader's to take."""
    who = caller(request)
    _permit(who)
    with open_ledger(settings()) as ledger:
        course, may = _found(ledger, who, key)
        form = Said(bool(may & {"check", "answer"}), request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                done = _step(ledger, who, course, may, form.cleaned_data)
            except UsageError as wrong:
                form.add_error(None, f"{wrong.what}；{wrong.cure}")
            else:
                return _done(request, done, course.request.request_id, "")
    said = {
        "course": course,
        "row": _told(course),
        "elements": _elements(course),
        "scope_name": place_names.title(course.request.scope),
        "profile": masks.TITLES[course.request.profile],
        "steps": [(_STEPS[each.body.step], _office(each.body.department), each) for each in course.steps],
        "may": may,
        "form": form,
        "trail": [Link(say("数据共享", "Sharing"), "/sharing")],
    }
    return render(request, "portal/sharing_request.html", said)


def _permit(who: Caller) -> None:
    """Let in whoever asks for data, answers for it, or reads the audit; whoever else is refused, and that is noted."""
    if not any(who.may(act) for act in ("request_data", "approve_request", "read_audit")):
        with open_ledger(settings()) as ledger:
            access.permit(ledger, who.account, "request_data")


def _found(ledger: Any, who: Caller, key: str) -> tuple[Course, set[str]]:
    try:
        course = requests.find(settings(), ledger, key)
    except UsageError:
        raise Http404 from None
    ours = _divisions(ledger, who)
    may = _acts(course, who, ours)
    own = {each.partition("/")[0] for each in who.systems}
    sees = (
        who.account == course.request.applicant
        or who.may("read_audit")
        or (who.may("approve_request") and (own & set(course.request.owners) or _covered(course, ours)))
    )
    if not sees:
        raise Http404
    return course, may


def _divisions(ledger: Any, who: Caller) -> tuple[str, ...]:
    """Return the divisions the reader checks requests for."""
    posts = (entry.body for entry in holding.posts(ledger, who.account))
    return tuple(post.scope for post in posts if not post.systems and post.scope.isdigit())


def _covered(course: Course, ours: tuple[str, ...]) -> bool:
    return any(access.covers(own, course.request.scope) for own in ours)


def _acts(course: Course, who: Caller, ours: tuple[str, ...]) -> set[str]:
    """Return what the reader may do about a request now; `exchange.request` decides once more."""
    if who.account == course.request.applicant:
        return {"withdraw"} if course.state in {"checking", "answering"} else set()
    if not who.may("approve_request"):
        return set()
    own = {each.partition("/")[0] for each in who.systems}
    if course.state == "checking":
        return {"check"} if _covered(course, ours) else set()
    if course.state == "answering":
        return {"answer"} if own & set(course.waits_for) else set()
    return (
        {"revoke"}
        if course.state == "granted" and (_covered(course, ours) or own & set(course.request.owners))
        else set()
    )


def _step(ledger: Any, who: Caller, course: Course, may: set[str], said: dict[str, Any]) -> str:
    """Take the one step there is, and return what was done."""
    agrees, reason, name = said["agrees"] == "yes", said["reason"], course.request.request_id
    if "withdraw" in may:
        requests.withdraw(settings(), ledger, name, who.account)
    elif "check" in may:
        requests.check(settings(), ledger, name, who.account, agrees=agrees, reason=reason)
    elif "answer" in may:
        own = {each.partition("/")[0] for each in who.systems}
        department = next(each for each in course.waits_for if each in own)
        requests.answer(settings(), ledger, name, who.account, department=department, agrees=agrees, reason=reason)
    elif "revoke" in may:
        requests.revoke(settings(), ledger, name, who.account, reason=reason)
    else:
        raise UsageError("这一步不由您的账号办", where=name, cure="看“现在等谁”")
    return _DONE[next(iter(may))]


def _told(course: Course) -> dict[str, Any]:
    body = course.request
    known = datasets.datasets(settings())
    return {
        "id": body.request_id,
        "title": known[body.dataset].title if body.dataset in known else body.dataset,
        "applicant": body.applicant,
        "place": place_names.title(body.scope),
        "purpose": body.purpose,
        "state": STATES[course.state],
        "is_open": course.state in {"checking", "answering"},
        "waits_for": "、".join(_office(each) for each in course.waits_for),
        "due": course.due_date or "",
        "late": course.days_late,
        "escalated": course.escalated_to or "",
    }


def _elements(course: Course) -> Sequence[str]:
    wanted = course.request.elements
    return [say("全部", "all")] if wanted == "*" else [element(each).title for each in wanted]


def _office(name: str | None) -> str:
    return departments().get(name or "", name or "")


def _done(request: HttpRequest, heading: str, number: str, following: str) -> HttpResponse:
    back = Link(say("回到数据共享", "Back to sharing"), "/sharing")
    return receipt.page(request, heading, back, receipt=number, following=following)


paths = [
    path("sharing", page),
    path("sharing/catalogue", catalogue),
    path("sharing/new/<name:name>", ask),
    path("sharing/<key:key>", one),
]
