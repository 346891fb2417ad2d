"""今天要办的事: what waits for this division, what came back since the last time, and the files to fetch."""

from dataclasses import dataclass
from datetime import date

import duckdb
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from jiceng_pipeline.core.clock import LOCAL, business_date, now
from jiceng_pipeline.exchange import handover, instruction
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.portal import place_names
from jiceng_pipeline.portal.models import Remembered
from jiceng_pipeline.portal.reading import opened, settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.templatetags.words import day
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.returns import changes, datasets
from jiceng_pipeline.returns.access import Access, authorise, served
from jiceng_pipeline.standard.divisions import merged

_COMMUNITY_DIGITS = 12
_CHANGES = {"added": "新增", "removed": "移除", "changed": "变更", "moved_in": "迁入", "moved_out": "迁出"}


@dataclass(frozen=True)
class Task:
    """One row of the list: the whole row leads there."""

    title: str
    address: str
    words: str
    count: int


@scoped(Scope.PLACE)
@require_GET
def home(request: HttpRequest, scope: str) -> HttpResponse:
    """Show the list of a community, or the communities of what lies above."""
    account = caller(request).account
    with opened() as (version, connection):
        with open_ledger(settings()) as ledger:
            access = authorise(
                ledger, account, datasets.find(settings(), "to_verify"), scope,
                action="home", version=version.name, channel="page",
            )  # fmt: skip
            counts, (work, due) = _counts(connection, access), _work(ledger, scope)
            served(ledger, access, 0)
        neighbours = [] if len(scope) == 12 else place_names.inside(connection, scope)
    said = {
        "scope": scope,
        "place": place_names.title(scope),
        "became": (became := merged(settings()).get(scope, "")),
        "may_go_there": bool(became) and caller(request).covers(became),
        "tasks": _tasks(scope, counts | work, due),
        "changes": [(title, counts[code]) for code, title in _CHANGES.items() if counts.get(code)],
        "is_first": version.manifest.get("previous") is None,
        "as_of": version.manifest.get("inputs", {}).get("business_date", ""),
        "figures": (
            (say("人", "people"), counts["resident"]), (say("户", "households"), counts["household"]),
            (say("市场主体", "enterprises"), counts["enterprise"]),
        ),
        "neighbours": neighbours,
        "today": now().astimezone(LOCAL).date(),
        "is_new": _is_new(request, version.name),
    }  # fmt: skip
    return render(request, "portal/home.html", said)


def _counts(connection: duckdb.DuckDBPyConnection, access: Access) -> dict[str, int]:
    where = access.where()
    rows = connection.execute(
        f"""select 'resident', count(*) from returned.resident_register where {where}
        union all select 'household', count(*) from returned.household_register where {where}
        union all select 'enterprise', count(*) from returned.enterprise_register where {where}
        union all select 'verify', count(*) from returned.to_verify where {where} and doubt_code = 'conflict'
        union all select 'urgent', count(*) from returned.to_verify
            where {where} and doubt_code = 'conflict' and harm_code = 'high'
        union all select 'review', count(*) from returned.to_verify where {where} and doubt_code <> 'conflict'
        union all select 'dispute', count(*) from quality.dispute where {where} and state = 'open'
        union all select change_code, count(*) from returned.changes
            where {where} and {changes.told(access.profile)} group by change_code"""
    ).fetchall()
    return dict(rows)


def _tasks(scope: str, counts: dict[str, int], due: date | None) -> list[Task]:
    place = f"/at/{scope}"
    return [
        Task(
            say("核实各部门说法不一的", "Check what departments disagree on"),
            f"{place}/verify",
            say(f"其中要紧的 {counts['urgent']:,} 处，先办这些", f"{counts['urgent']:,} are urgent: those first"),
            counts["verify"],
        ),
        Task(
            say("看看是不是同一个人", "Is it the same person?"),
            f"{place}/review",
            say("证号借用、可能重复的，由您来判断", "Borrowed numbers, possible duplicates: you decide"),
            counts["review"],
        ),
        Task(
            say("等部门答复的异议", "Doubts that departments have to answer"),
            f"{place}/disputes",
            say("提出以后，由来源部门核实", "Doubted here, checked by the source department"),
            counts["dispute"],
        ),
        Task(
            say("上级交办的任务", "Tasks") if len(scope) == _COMMUNITY_DIGITS else say("任务和进度", "Tasks, how far"),
            f"{place}/tasks",
            (say(f"最近一件的期限是 {day(due)}，", f"The next is due on {due}, ") if due else "")
            + say(f"已经超期的 {counts['late']:,} 件", f"{counts['late']:,} are overdue"),
            counts["task"],
        ),
        Task(
            say("交办事项", "Matters with departments"),
            f"{place}/cases",
            say("请部门办的、部门交来的，在谁手上、到哪天", "In whose hand, until when"),
            counts["case"],
        ),
    ]


def _work(ledger: Ledger, scope: str) -> tuple[dict[str, int], date | None]:
    """Return how many tasks and matters wait, and until when the first of them: of a community its own, else below."""
    cases = handover.cases(settings(), ledger)
    if len(scope) == _COMMUNITY_DIGITS:
        tasks = instruction.waiting(settings(), ledger, scope)
        late = sum(each.due_date < business_date(settings()) for each in tasks)
        held = sum(each.now.holder == scope for each in cases)
    else:
        under_way = [each for each in instruction.tasks(settings(), ledger, scope) if each.tally.waiting]
        tasks, late = [each.instruction for each in under_way], sum(each.is_late for each in under_way)
        held = sum(each.now.community_code.startswith(scope.rstrip("*")) for each in cases)
    return {"task": len(tasks), "late": late, "case": held}, tasks[0].due_date if tasks else None


def _is_new(request: HttpRequest, version: str) -> bool:
    """Say whether the reader sees this version for the first time, and remember that it was seen."""
    assert isinstance(request.user, User)
    remembered, _ = Remembered.objects.get_or_create(user=request.user)
    if remembered.seen_version == version:
        return False
    was_here = bool(remembered.seen_version)
    remembered.seen_version = version
    remembered.save(update_fields=["seen_version"])
    return was_here


paths = [path("at/<division:scope>", home)]
