"""交办事项 (handovers): a case passed between a community and departments, each time with a deadline.

Who opened it closes it; who holds it answers or passes it on. Nothing is lost between two desks: at any time one of
them holds it, and everybody can see who and until when.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import party, said_once
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.handover import Handover
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.quality import working_days
from jiceng_pipeline.returns import communities
from jiceng_pipeline.standard import divisions

DAYS = 5  # working days, where no other deadline is set


@dataclass(frozen=True)
class Case:
    """A case as it stands: `steps` are all its events, the first opened it."""

    steps: tuple[Entry[Handover], ...]
    is_late: bool

    @property
    def now(self) -> Handover:
        """Return the last step."""
        return self.steps[-1].body

    @property
    def due_date(self) -> date | None:
        """Return the deadline of who holds it; none once it is answered or closed."""
        return self.now.due_date

    @property
    def is_open(self) -> bool:
        """Say whether it is not closed yet."""
        return self.now.step != "close"


def open_case(
    settings: Settings, ledger: Ledger, actor: str, *, opener: str, to: str, community: str, title: str, text: str = "",
    due_date: date | None = None, item: str = "",
) -> Handover:  # fmt: skip
    """Open a case and hand it over; `opener` and `to` are a community's code or a department's name.

    Opened twice the same on one day it is one case until it is closed.
    """
    place, side = communities.find(settings, community).code, party.named(settings, opener)
    _permit(ledger, actor, side)
    told = {
        "step": "open", "title": " ".join(title.split()), "opener": side,
        "holder": party.named(settings, to), "community_code": place, "text": text.strip(), "item_id": item,
        "due_date": str(_due(settings, due_date)), "on_date": str(clock.business_date(settings)),
    }  # fmt: skip
    name = said_once.name(ledger, "handover", told, lambda event: views.typed(event, Handover).body.step == "close")
    body = Handover.model_validate({**told, "case_id": name})
    ledger.append("handover", body.subject, body, actor, once=True)
    return body


def move(
    settings: Settings, ledger: Ledger, name: str, actor: str, *, by: str, step: str, text: str, to: str | None = None,
    due_date: date | None = None,
) -> Handover:  # fmt: skip
    """Pass a case on, answer it or close it as `by`; raise UsageError for who may not."""
    case = find(settings, ledger, name)
    now, side = case.now, party.named(settings, by)
    if not case.is_open:
        raise UsageError("这件事已经办结", where=name, cure="需要再办就另开一件")
    if step == "close" and side != now.opener:
        raise UsageError("只有提出的一方可以办结", where=name, cure=f"请 {now.opener} 办结")
    if step != "close" and side != now.holder:
        raise UsageError("这件事不在这一方手上", where=name, cure=f"现在由 {now.holder} 办理")
    _permit(ledger, actor, side)
    if step == "pass" and not to:
        raise UsageError("没有写转给谁", where=name, cure="写部门或社区")
    holder = {"pass": party.named(settings, to or side), "answer": now.opener, "close": now.opener}[step]
    body = Handover.model_validate(
        {
            **now.model_dump(mode="json"), "step": step, "holder": holder, "text": text.strip(),
            "due_date": str(_due(settings, due_date)) if step == "pass" else None,
            "on_date": str(clock.business_date(settings)),
        }
    )  # fmt: skip
    ledger.append("handover", body.subject, body, actor)
    return body


def cases(settings: Settings, ledger: Ledger, side: str | None = None, *, with_closed: bool = False) -> list[Case]:
    """Return the cases, of one party those it opened or holds, those due first."""
    found: dict[str, list[Entry[Handover]]] = {}
    for entry in views.entries(ledger, Handover):
        found.setdefault(entry.subject, []).append(entry)
    became = divisions.merged(settings)
    known = [_case(settings, tuple(_as_now(step, became) for step in steps)) for steps in found.values()]
    kept = [c for c in known if (with_closed or c.is_open) and side in {None, c.now.opener, c.now.holder}]
    return sorted(kept, key=lambda case: (case.due_date or date.max, case.now.case_id))


def find(settings: Settings, ledger: Ledger, name: str) -> Case:
    """Return one case; raise UsageError where there is none of that name."""
    found = [c for c in cases(settings, ledger, with_closed=True) if name and c.now.case_id.startswith(name)]
    if len(found) != 1:
        raise UsageError("没有这件事", where=name, cure="用 jiceng task cases 看编号")
    return found[0]


def _as_now(step: Entry[Handover], became: Mapping[str, str]) -> Entry[Handover]:
    """Return a step as of today: what a community had in hand that was merged since, what it became has."""
    body = step.body
    sides = {"opener": body.opener, "holder": body.holder, "community_code": body.community_code}
    now = {name: became[side] for name, side in sides.items() if side in became}
    return replace(step, body=body.model_copy(update=now)) if now else step


def _case(settings: Settings, steps: tuple[Entry[Handover], ...]) -> Case:
    due = steps[-1].body.due_date
    return Case(steps, due is not None and clock.business_date(settings) > due)


def _due(settings: Settings, wanted: date | None) -> date:
    today = clock.business_date(settings)
    if wanted and wanted < today:
        raise UsageError("期限已经过了", where=str(wanted), cure="写今天或以后的日期")
    return wanted or working_days.after(today, DAYS)


def _permit(ledger: Ledger, actor: str, side: str) -> None:
    party.permit(ledger, actor, side, community="answer_task", department="answer_ticket")
