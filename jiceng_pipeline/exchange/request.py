"""共享申请 (requests): from a wish to a grant, each step with its clock in working days.

    submitted → checked for compliance (2 days) → answered by every owner (5 days; 10 where it is not catalogued)
    → granted → revoked or expired

What is shared without condition needs no answer: it is granted once checked. What may not be shared cannot pass the
check. Who says no says why; who is late is named, and after as many days again it goes to the data authority.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.clock import LOCAL
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import party, receipt, said_once, sharing
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.delivery import Delivery
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.request import Request
from jiceng_pipeline.ledger.kinds.request_step import RequestStep
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.quality import working_days
from jiceng_pipeline.returns import access, datasets, grants

CHECK_DAYS, ANSWER_DAYS, UNCATALOGUED_DAYS = 2, 5, 10

State = Literal["checking", "answering", "granted", "agreed", "returned", "refused", "withdrawn", "revoked", "expired"]
STATES: Mapping[State, str] = {
    "checking": "待合规审查", "answering": "待提供方答复", "granted": "已授权", "agreed": "同意编目后提供",
    "returned": "审查未通过", "refused": "提供方不同意", "withdrawn": "已撤回", "revoked": "已收回授权",
    "expired": "授权到期",
}  # fmt: skip
_OVER: frozenset[State] = frozenset({"returned", "refused", "withdrawn", "revoked", "expired"})


@dataclass(frozen=True)
class Course:
    """A request and how far it is. `waits_for` has to act by `due_date`; `escalated_to` is told once they are late."""

    request: Request
    steps: tuple[Entry[RequestStep], ...]
    state: State
    waits_for: tuple[str, ...]
    due_date: date | None
    days_late: int
    escalated_to: str | None
    grant: str | None


def submit(
    settings: Settings, ledger: Ledger, applicant: str, *, dataset: str, scope: str, purpose: str, legal_basis: str,
    until: date, elements: tuple[str, ...] = (), profile: str = "check", owners: tuple[str, ...] = (),
) -> Course:  # fmt: skip
    """Ask for data; `owners` are the departments to answer for a dataset that the catalogue does not have.

    The same asked again, by a button pressed twice, is one request until that is over. Raise UsageError for elements
    there are not, and for a last day gone by.
    """
    party.permit_department(ledger, applicant, "request_data")
    is_catalogued = not owners
    if until <= clock.business_date(settings):
        raise UsageError("使用期限已经过了", where=str(until), cure="写以后的日期")
    if is_catalogued:
        found = datasets.find(settings, dataset)
        if unknown := sorted(set(elements) - set(found.columns)):
            raise UsageError(f"数据集没有数据项 {unknown[0]}", where=dataset, cure=f"可用：{'、'.join(found.columns)}")
        behind = sharing.leads(found, elements or "*")
        owners = tuple(sorted({each.department for each in behind if each.sharing != "unconditional"}))
    told = {
        "applicant": applicant, "dataset": dataset, "elements": elements or "*", "scope": scope, "profile": profile,
        "purpose": " ".join(purpose.split()), "legal_basis": " ".join(legal_basis.split()), "until": str(until),
        "is_catalogued": is_catalogued, "owners": owners,
    }  # fmt: skip
    name = said_once.name(ledger, "request", told, lambda event: find(settings, ledger, event.subject).state in _OVER)
    body = Request.model_validate({**told, "request_id": name})
    ledger.append("request", body.subject, body, applicant, once=True)
    return find(settings, ledger, name)


def check(settings: Settings, ledger: Ledger, name: str, actor: str, *, agrees: bool, reason: str = "") -> Course:
    """Say whether a request is in order; without conditions on what it asks for, that grants it."""
    with ledger.alone():
        course = _expected(settings, ledger, name, actor, "checking")
        body = course.request
        access.permit(ledger, actor, "approve_request", scope=body.scope)
        if agrees and body.is_catalogued:
            asked = "*" if body.elements == "*" else body.elements
            behind = sharing.leads(datasets.find(settings, body.dataset), asked)
            if closed := [each.title for each in behind if each.sharing == "not_shared"]:
                raise UsageError(
                    f"其中有不予共享的：{'、'.join(closed)}", where=name, cure="请申请方去掉这些数据项后重新申请"
                )
        given = _give(ledger, body, actor) if agrees and not body.owners else None
        _append(ledger, body, actor, step="check", agrees=agrees, reason=reason, grant=given)
        return find(settings, ledger, name)


def answer(
    settings: Settings, ledger: Ledger, name: str, actor: str, *, department: str, agrees: bool, reason: str = ""
) -> Course:
    """Answer for one owner; the last to agree grants it, the first who does not ends it."""
    with ledger.alone():
        course = _expected(settings, ledger, name, actor, "answering")
        if department not in course.waits_for:
            raise UsageError(
                "不等这个部门答复", where=f"{name} {department}", cure=f"还没有答复的：{'、'.join(course.waits_for)}"
            )
        party.permit_department(ledger, actor, "approve_request", party.systems_of(department))
        is_last = agrees and course.waits_for == (department,) and course.request.is_catalogued
        given = _give(ledger, course.request, actor) if is_last else None
        told = {"agrees": agrees, "reason": reason, "department": department, "grant": given}
        _append(ledger, course.request, actor, step="answer", **told)
        return find(settings, ledger, name)


def withdraw(settings: Settings, ledger: Ledger, name: str, actor: str) -> Course:
    """Take back one's own request before it is decided."""
    with ledger.alone():
        course = find(settings, ledger, name)
        if course.state not in {"checking", "answering"} or actor != course.request.applicant:
            raise UsageError("只有申请人能撤回没有办完的申请", where=name, cure="用 jiceng share list 查看")
        _append(ledger, course.request, actor, step="withdraw", agrees=True)
        return find(settings, ledger, name)


def revoke(
    settings: Settings, ledger: Ledger, name: str, actor: str, *, reason: str
) -> tuple[Course, list[Entry[Delivery]]]:
    """End what a request was granted; return what has been handed over under it, to be called back.

    Raise AccessDenied unless `actor` has a post for the division or is of a department that had to answer.
    """
    with ledger.alone():
        course = find(settings, ledger, name)
        if course.state != "granted" or course.grant is None:
            raise UsageError("这个申请没有在用的授权", where=name, cure="用 jiceng share list 查看")
        own = tuple(system for owner in course.request.owners for system in party.systems_of(owner))
        party.permit_here(ledger, actor, "approve_request", course.request.scope, own)
        if not reason.strip():
            raise UsageError("收回授权要写明理由", where=name, cure="加上理由")
        grants.end(ledger, course.grant, actor)
        _append(ledger, course.request, actor, step="revoke", agrees=False, reason=reason, grant=course.grant)
        return find(settings, ledger, name), receipt.handed_over(ledger, grant=course.grant)


def every(settings: Settings, ledger: Ledger) -> list[Course]:
    """Return all requests, the newest first."""
    steps: dict[str, list[Entry[RequestStep]]] = {}
    for step in views.entries(ledger, RequestStep):
        steps.setdefault(step.subject, []).append(step)
    found = views.entries(ledger, Request)
    return [_course(settings, entry, tuple(steps.get(entry.subject, ()))) for entry in found][::-1]


def find(settings: Settings, ledger: Ledger, name: str) -> Course:
    """Return one request; raise UsageError where there is none of that name."""
    found = [course for course in every(settings, ledger) if name and course.request.request_id.startswith(name)]
    if len(found) != 1:
        raise UsageError("没有这个申请", where=name, cure="用 jiceng share list 看编号")
    return found[0]


def _course(settings: Settings, entry: Entry[Request], steps: tuple[Entry[RequestStep], ...]) -> Course:
    body, today = entry.body, clock.business_date(settings)
    state, waits_for = _state(body, steps, today)
    due = escalated_to = None
    late = 0
    if waits_for:
        since = _day(steps[0].at) if steps else _day(entry.at)
        allowed = CHECK_DAYS if state == "checking" else ANSWER_DAYS if body.is_catalogued else UNCATALOGUED_DAYS
        due = working_days.after(since, allowed)
        late = working_days.between(due, today)
        if late:
            escalated_to = sharing.OURSELVES if late > allowed or state == "checking" else "提供部门分管负责人"
    given = next((step.body.grant for step in steps if step.body.grant), None)
    return Course(body, steps, state, waits_for, due, late, escalated_to, given)


def _state(body: Request, steps: tuple[Entry[RequestStep], ...], today: date) -> tuple[State, tuple[str, ...]]:
    """Return where a request stands and who has to act."""
    ended: Mapping[str, State] = {"check": "returned", "answer": "refused", "revoke": "revoked"}
    for step in (each.body for each in steps):
        if step.step == "withdraw":
            return "withdrawn", ()
        if not step.agrees:
            return ended[step.step], ()
    if not steps:
        return "checking", (sharing.OURSELVES,)
    said = {each.body.department for each in steps}
    if waiting := tuple(owner for owner in body.owners if owner not in said):
        return "answering", waiting
    if not body.is_catalogued:
        return "agreed", ()
    return ("expired" if today > body.until else "granted"), ()


def _expected(settings: Settings, ledger: Ledger, name: str, actor: str, state: State) -> Course:
    course = find(settings, ledger, name)
    if course.state != state:
        raise UsageError(
            f"这个申请{STATES[course.state]}，不在这一步", where=name, cure="用 jiceng share show 查看经过"
        )
    if actor == course.request.applicant:
        raise UsageError("不能办理自己的申请", where=name, cure="由另一个账号办理")
    return course


def _give(ledger: Ledger, body: Request, actor: str) -> str:
    """Put the grant in force up to and with the last day."""
    ends = datetime.combine(body.until + timedelta(days=1), time(), LOCAL).astimezone(UTC)
    grant = Grant(
        actor=body.applicant, scope=body.scope, datasets=(body.dataset,), profiles=(body.profile,),
        purposes=(body.purpose,), elements=body.elements, request=body.request_id, until=ends, granted_by=actor,
    )  # fmt: skip
    return grants.give(ledger, grant).subject


def _append(ledger: Ledger, body: Request, actor: str, **told: object) -> None:
    reason = " ".join(str(told.pop("reason", "")).split())
    step = {"request_id": body.request_id, "reason": reason, **told}
    if not told["agrees"] and not reason:
        raise UsageError("不同意要写明理由", where=body.request_id, cure="加上理由")
    ledger.append("request_step", body.subject, step, actor)


def _day(at: datetime) -> date:
    return at.astimezone(LOCAL).date()
