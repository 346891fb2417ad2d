"""问题单 (tickets): what each owner has to mend, and how far it has come.

A function of this build's failures and of what the ledger says: which tickets earlier syncs opened and
closed, and what their owners answered. Nothing here is edited, and an answer alone closes nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

import duckdb
import pyarrow as pa

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts, systems
from jiceng_pipeline.landing.outcome import Outcome
from jiceng_pipeline.ledger.bound import bound
from jiceng_pipeline.ledger.kinds.ticket_answer import TicketAnswer
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.quality import evidence, history, life, tables, working_days
from jiceng_pipeline.quality.evidence import Problem
from jiceng_pipeline.quality.history import History
from jiceng_pipeline.quality.life import Life
from jiceng_pipeline.quality.rule import rules

WORKING_DAYS_TO_ANSWER = 5
KEPT_DAYS = 400  # a closed ticket is listed so long; the ledger has it for good
US = "基层治理数据库运行方"  # who answers for what no department got wrong

State = Literal["open", "answered", "reopened", "closed"]
STATES: Mapping[State, str] = {
    "open": "待办",
    "answered": "已答复待核验",
    "reopened": "重新打开",
    "closed": "已核验办结",
}
ANSWERS: Mapping[str, str] = {"corrected": "已改正", "not_error": "不是错误", "not_found": "查不到"}

_DATES = ("due_date", "opened_date", "reopened_date", "answered_date", "closed_date", "last_seen_date")
_TYPES: Mapping[str, pa.DataType] = {
    **dict.fromkeys(("is_systemic", "is_overdue"), pa.bool_()),
    **dict.fromkeys(("row", "count", "reopened_count"), pa.int64()),
    **dict.fromkeys(_DATES, pa.date32()),
    "example_keys": pa.list_(pa.string()),
}


@dataclass(frozen=True)
class Ticket:
    """One row of quality.ticket; file, row, column and record_id are those of its record or first example.

    `count` is 0 once the failure is gone; `record_key` is a surrogate key, never a value.
    """

    ticket_id: str
    system: str
    owner: str
    kind: str
    cause: str
    state: State
    is_systemic: bool
    is_overdue: bool
    file: str | None
    row: int | None
    column: str | None
    element_id: str | None
    record_id: str | None
    record_key: str | None
    reason: str
    count: int
    due_date: date
    opened_date: date
    reopened_date: date | None
    reopened_count: int
    answered_date: date | None
    answer: str | None
    closed_date: date | None
    closed_evidence: str | None
    last_seen_date: date
    example_keys: tuple[str, ...]


_SCHEMA = pa.schema([(name, _TYPES.get(name, pa.string())) for name in Ticket.__dataclass_fields__])


def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write quality.ticket of this build."""
    tables.create(connection)
    day = clock.business_date(settings)
    known = history.read(settings, day, bound(connection))
    standing = life.lives(known.inspections)
    found = _tickets(
        list(_problems(connection, standing)), standing, known, landing(connection), day, unjudged(connection)
    )
    connection.register("found_ticket", pa.Table.from_pylist([asdict(each) for each in found], schema=_SCHEMA))
    try:
        connection.execute("create or replace table quality.ticket as select * from found_ticket order by ticket_id")
    finally:
        connection.unregister("found_ticket")


def of_outcomes(outcomes: Iterable[Outcome], day: date, known: History | None = None) -> list[Ticket]:
    """Return the tickets that the latest outcome of every system calls for, without any database.

    A system of the contracts that has no outcome among them never arrived, and gets its ticket too.
    """
    latest = {outcome.system: outcome for outcome in outcomes}
    problems = []
    for system in sorted({*latest, *contracts()}):
        outcome = latest.get(system)
        problem = evidence.of_pull(system, outcome.status if outcome else "never", outcome.error if outcome else None)
        if problem:
            problems.append(problem)
    known = known or History()
    standing = life.lives(known.inspections)
    found = _tickets(problems, standing, known, {}, day)
    return [ticket for ticket in found if ticket.last_seen_date == day and ticket.kind == "delivery" and ticket.count]


def landing(connection: duckdb.DuckDBPyConnection) -> Mapping[str, str | None]:
    """Return system → the snapshot this build was made of."""
    if "landing.outcome" not in tables.existing(connection):
        return {}
    return dict(connection.execute("select system, snapshot from landing.outcome order by system").fetchall())


def unjudged(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return the rules of which this build does not know whether anything fails: broken, or not run."""
    judged = connection.execute("select rule_id from quality.check_result where not broken").fetchall()
    return frozenset(rules()) - {rule for (rule,) in judged}


def _problems(connection: duckdb.DuckDBPyConnection, standing: Mapping[str, Life]) -> Iterator[Problem]:
    known = tables.existing(connection)
    if "landing.outcome" in known:
        yield from evidence.pulls(connection)
    if "standard.quarantine" in known:
        yield from evidence.quarantined(connection, standing)
    yield from evidence.failed_rules(connection, standing, known)


def _tickets(
    problems: Iterable[Problem],
    standing: Mapping[str, Life],
    known: History,
    landed: life.Landing,
    day: date,
    unjudged: Collection[str] = (),
) -> list[Ticket]:
    present = {problem.name.ticket_id: problem for problem in problems}
    change = life.step(standing, {key: problem.name for key, problem in present.items()}, landed, day, unjudged)
    seq = max((entry.seq for entry in known.inspections), default=0) + 1
    answers = {entry.subject: entry for entry in known.answers}
    kept = day - timedelta(days=KEPT_DAYS)
    return [
        _ticket(each, present.get(key) or _gone(each), answers.get(key), day)
        for key, each in sorted(life.after(standing, change, landed, day, seq).items())
        if each.closed is None or each.closed >= kept
    ]


def _ticket(each: Life, problem: Problem, answer: Entry[TicketAnswer] | None, day: date) -> Ticket:
    name = each.name
    contract = systems().get(name.system)
    return Ticket(
        ticket_id=name.ticket_id,
        system=name.system,
        owner=contract.owner.name if contract else US,
        kind=name.kind,
        cause=name.cause,
        is_systemic=name.key is None,
        file=problem.place.file,
        row=problem.place.row,
        column=problem.column,
        element_id=problem.element_id,
        record_id=problem.place.record_id,
        record_key=name.key,
        reason=problem.reason,
        count=problem.count,
        opened_date=each.opened,
        reopened_count=each.reopened_count,
        closed_evidence=each.evidence,
        last_seen_date=each.seen_day,
        example_keys=problem.examples,
        **stand(each, answer, day),
    )


def stand(each: Life, answer: Entry[TicketAnswer] | None, day: date) -> Mapping[str, Any]:
    """Return where a ticket stands on a day, by those columns of a row that say so."""
    said = answer if answer and answer.seq > each.since_seq else None
    due = working_days.after(each.since, WORKING_DAYS_TO_ANSWER)
    is_ours_to_weigh = said is not None and said.body.verdict != "corrected"
    state: State = "closed" if each.closed else "answered" if said else "reopened" if each.reopened_count else "open"
    return {
        "state": state,
        "is_overdue": each.closed is None and due < day and not is_ours_to_weigh,
        "due_date": due,
        "reopened_date": each.since if each.reopened_count else None,
        "answered_date": said.at.astimezone(clock.LOCAL).date() if said else None,
        "answer": said.body.verdict if said else None,
        "closed_date": each.closed,
    }


def _gone(each: Life) -> Problem:
    """Return what a ticket was about whose failure is not there now."""
    name = each.name
    gone = Problem(name, evidence.KINDS.get(name.kind, name.kind), count=0)  # type: ignore[call-overload]
    if name.kind in {"row", "cell"}:
        element, column, reason = name.cause.split("|", 2)
        return replace(gone, reason=reason, column=column or None, element_id=element or None)
    rule = rules().get(name.cause)
    return replace(gone, reason=f"{rule.title}：{rule.meaning}", element_id=rule.element) if rule else gone
