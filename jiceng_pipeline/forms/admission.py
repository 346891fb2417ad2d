"""清单准入: a form that is not on the list is not sent; who wants one asks for it, and the lint has its say first."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from jiceng_pipeline.core.clock import business_date
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import lint
from jiceng_pipeline.forms.definition import Form, forms
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.chain import Event
from jiceng_pipeline.ledger.kinds.form_admission import FormAdmission
from jiceng_pipeline.ledger.store import Ledger, open_ledger

State = Literal["admitted", "expired", "refused", "withdrawn", "none"]
STATES: dict[State, str] = {
    "admitted": "已列入清单", "expired": "已过期", "refused": "未通过", "withdrawn": "已移出清单", "none": "未申请",
}  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """A form and how it stands on the list."""

    form: Form
    state: State
    until: date | None
    reason: str


def admit(settings: Settings, form: Form, actor: str, *, until: date | None = None, reason: str = "") -> Event:
    """Put a form on the list of the year or, with `until` and a reason, for once; return the event.

    Raise UsageError where the lint finds something: that is written down as refused.
    """
    today = business_date(settings)
    if until is not None and not reason.strip():
        raise UsageError("一事一报要写明事由", where=f"表单 {form.id}", cure="加上 --reason")
    if until is not None and until < today:
        raise UsageError("截止日期已过", where=f"表单 {form.id}", cure="写今天以后的日期")
    found = lint.lint(form)
    body = FormAdmission(
        form=form.id,
        form_version=form.version,
        department=form.department,
        verdict="refused" if found else "admitted",
        list="one_off" if until else "yearly",
        until=until or date(today.year, 12, 31),
        reason="；".join(each.what for each in found) or reason,
    )
    with open_ledger(settings) as ledger:
        event = ledger.append("form_admission", body.subject, body, actor)
    if found:
        raise UsageError(body.reason, where=f"表单 {form.id}", cure=found[0].cure)
    return event


def admit_all(settings: Settings, actor: str, *, until: date | None = None, reason: str = "") -> list[Event]:
    """Put every form on the list that never was or whose time is over, not one that was refused or withdrawn."""
    waiting = [each.form for each in listed(settings) if each.state in {"none", "expired"}]
    return [admit(settings, form, actor, until=until, reason=reason) for form in waiting]


def withdraw(settings: Settings, form: Form, actor: str, reason: str) -> Event:
    """Take a form off the list."""
    with open_ledger(settings) as ledger:
        standing = views.standing(ledger, FormAdmission).get(form.id)
        if standing is None or standing.body.verdict != "admitted":
            raise UsageError("这张表不在清单上", where=f"表单 {form.id}", cure="用 jiceng form list 看清单")
        body = standing.body.model_copy(update={"verdict": "withdrawn", "reason": reason})
        return ledger.append("form_admission", body.subject, body, actor)


def listed(settings: Settings) -> list[Listed]:
    """Return every form and how it stands on the list today."""
    today = business_date(settings)
    with open_ledger(settings) as ledger:
        standing = views.standing(ledger, FormAdmission)
    return [_listed(form, standing[form.id].body if form.id in standing else None, today) for form in forms().values()]


def require(ledger: Ledger, form: Form, today: date) -> None:
    """Raise UsageError unless the form is on the list today."""
    entry = views.standing(ledger, FormAdmission).get(form.id)
    found = _listed(form, entry.body if entry else None, today)
    if found.state != "admitted":
        raise UsageError(
            f"这张表不在清单上（{STATES[found.state]}），不能发给社区",
            where=f"表单 {form.id}",
            cure=f"先运行 jiceng form admit {form.id}；所有的表一次列入：jiceng form admit --all",
        )


def _listed(form: Form, said: FormAdmission | None, today: date) -> Listed:
    if said is None or said.form_version != form.version:
        return Listed(form, "none", None, "" if said is None else "定义改过，要重新申请")
    state: State = said.verdict
    if state == "admitted" and said.until < today:
        state = "expired"
    return Listed(form, state, said.until, said.reason)
