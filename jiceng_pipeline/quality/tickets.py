"""问题单 (tickets): what each owner has to mend, derived from outcomes, quarantine and failed rules.

One ticket per owner, kind and cause, however many rows it is about, with the first of them as example. Its
id is a hash of these, so that tomorrow's ticket about the same cause is the same ticket, opened when it was.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256

import duckdb
import pyarrow as pa

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing.outcome import Outcome
from jiceng_pipeline.quality import evidence, tables, working_days
from jiceng_pipeline.quality.evidence import Problem
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

WORKING_DAYS_TO_ANSWER = 5
US = "基层治理数据库运行方"  # who answers for what no department got wrong

_SCHEMA = pa.schema(
    [
        ("ticket_id", pa.string()),
        ("system", pa.string()),
        ("owner", pa.string()),
        ("kind", pa.string()),
        ("file", pa.string()),
        ("row", pa.int64()),
        ("column", pa.string()),
        ("element_id", pa.string()),
        ("record_id", pa.string()),
        ("reason", pa.string()),
        ("count", pa.int64()),
        ("due_date", pa.date32()),
        ("opened_date", pa.date32()),
    ]
)


@dataclass(frozen=True)
class Ticket:
    """One row of quality.ticket; file, row, column and record_id are those of the first example."""

    ticket_id: str
    system: str
    owner: str
    kind: str
    file: str | None
    row: int | None
    column: str | None
    element_id: str | None
    record_id: str | None
    reason: str
    count: int
    due_date: date
    opened_date: date


def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write quality.ticket of this build; a ticket the current version has already keeps its opening date."""
    tables.create(connection)
    day = clock.business_date(settings)
    found = _tickets(_problems(connection, day), day, opened(settings))
    connection.register("found_ticket", pa.Table.from_pylist([asdict(each) for each in found], schema=_SCHEMA))
    try:
        connection.execute("delete from quality.ticket")
        connection.execute("insert into quality.ticket select * from found_ticket order by ticket_id")
    finally:
        connection.unregister("found_ticket")


def of_outcomes(outcomes: Iterable[Outcome], day: date, opened: Mapping[str, date] | None = None) -> list[Ticket]:
    """Return the tickets that the latest outcome of every system calls for, without any database.

    A system of the contracts that has no outcome among them never arrived, and gets its ticket too.
    `opened` (see the function of that name) keeps the opening dates of tickets known before.
    """
    latest = {outcome.system: outcome for outcome in outcomes}
    problems = []
    for system in sorted({*latest, *contracts()}):
        outcome = latest.get(system)
        problem = evidence.of_pull(system, outcome.status if outcome else "never", outcome.error if outcome else None)
        if problem:
            problems.append(problem)
    return _tickets(problems, day, opened or {})


def opened(settings: Settings) -> Mapping[str, date]:
    """Return ticket_id → opening date of the tickets in the version being served."""
    version = publish.current(settings)
    if version is None:
        return {}
    with connect(version.database, settings=settings, read_only=True) as connection:
        if "quality.ticket" not in tables.existing(connection):
            return {}
        return dict(connection.execute("select ticket_id, opened_date from quality.ticket").fetchall())


def _problems(connection: duckdb.DuckDBPyConnection, day: date) -> Iterator[Problem]:
    known = tables.existing(connection)
    if "landing.outcome" in known:
        yield from evidence.pulls(connection)
    if "standard.quarantine" in known:
        yield from evidence.quarantined(connection)
    yield from evidence.failed_rules(connection, day, known)


def _tickets(problems: Iterable[Problem], day: date, opened: Mapping[str, date]) -> list[Ticket]:
    return [_ticket(problem, day, opened) for problem in problems]


def _ticket(problem: Problem, day: date, opened: Mapping[str, date]) -> Ticket:
    ticket_id = sha256("\x1f".join((problem.system, problem.kind, problem.cause)).encode()).hexdigest()[:16]
    since = min(opened.get(ticket_id, day), day)
    contract = contracts().get(problem.system)
    return Ticket(
        ticket_id=ticket_id,
        system=problem.system,
        owner=contract.owner.name if contract else US,
        kind=problem.kind,
        file=problem.file,
        row=problem.row,
        column=problem.column,
        element_id=problem.element_id,
        record_id=problem.record_id,
        reason=problem.reason,
        count=problem.count,
        due_date=working_days.after(since, WORKING_DAYS_TO_ANSWER),
        opened_date=since,
    )
