"""What one department system's month was like: read from landing, the ledger and the published tickets.

A system that sent nothing, or only rubbish, has a month too. Nothing here is a value of a person: counts,
columns, reasons, files with row numbers, and surrogate keys.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import outcome
from jiceng_pipeline.landing.outcome import Outcome
from jiceng_pipeline.ledger.kinds.inspection import Figures, Inspection
from jiceng_pipeline.quality import life, tables
from jiceng_pipeline.quality.history import History
from jiceng_pipeline.quality.tickets import stand

Tickets = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Turns:
    """How often tickets of a system were opened, closed and reopened, and how many were answered.

    One that is closed and comes back within the month counts among either, so that what stood before, and these,
    are what stands at its end.
    """

    opened: int
    answered: int
    closed: int
    reopened: int


@dataclass(frozen=True)
class Month:
    """One system from `first` to `last`; `days` has the day's last inspection.

    `pulls` has the day's last pull that went well, else its last: what fails in the evening came in the morning.
    """

    contract: Contract
    first: date
    last: date
    pulls: Mapping[date, Outcome]
    last_pull: Outcome | None
    days: Sequence[Inspection]
    tickets: Tickets
    turns: Turns

    @property
    def title(self) -> str:
        """Return what stands above the report."""
        return f"{self.contract.title}：{self.first:%Y} 年 {self.first.month} 月质量报告"

    @property
    def figures(self) -> Sequence[tuple[date, Figures]]:
        """Return what the system held on each day that was inspected."""
        name = self.contract.name
        return [(told.day, told.systems[name]) for told in self.days if name in told.systems]

    @property
    def now(self) -> Figures | None:
        """Return what it held at the end."""
        return self.figures[-1][1] if self.figures else None

    @property
    def failing(self) -> Mapping[str, Sequence[int]]:
        """Return rule → its failing rows of this system on each day, for the rules that had any."""
        name = self.contract.name
        rules = sorted({rule for told in self.days for rule, verdict in told.checks.items() if name in verdict.owners})
        return {
            rule: [told.checks[rule].owners.get(name, 0) if rule in told.checks else 0 for told in self.days]
            for rule in rules
        }

    @property
    def standing(self) -> Tickets:
        """Return the tickets that were not closed at the end of the month, overdue ones first."""
        found = [
            each
            for each in self.tickets
            if each["opened_date"] <= self.last and not (each["closed_date"] and each["closed_date"] <= self.last)
        ]
        return sorted(found, key=lambda each: (each["due_date"], -each["count"], each["ticket_id"]))

    @property
    def overdue(self) -> Tickets:
        """Return those of them that were due before the end of the month."""
        return [each for each in self.standing if each["is_overdue"] and each["due_date"] < self.last]


def read(settings: Settings, contract: Contract, month: date, known: History, every: Tickets) -> Month:
    """Return the month that `month` lies in, up to the business date; `every` is quality.ticket as published.

    Tickets stand as they did at its end, whatever became of them since.
    """
    first, today = month.replace(day=1), clock.business_date(settings)
    last = min(date(first.year, first.month, monthrange(first.year, first.month)[1]), max(today, first))
    own = [each for each in every if each["system"] == contract.name]
    pulls = list(_pulls(settings, contract, first, last))
    return Month(
        contract,
        first,
        last,
        {**dict(pulls), **{day: told for day, told in pulls if told.status != "failed"}},
        pulls[-1][1] if pulls else None,
        [told for told in known.days if first <= told.day <= last],
        _then(own, known, last) if last < today else own,
        _turns(contract, known, first, last),
    )


def _turns(contract: Contract, known: History, first: date, last: date) -> Turns:
    """Return what became of the system's tickets from `first` to `last`, as the inspections and answers say."""
    opened: dict[str, date] = {
        name.ticket_id: entry.body.day
        for entry in known.inspections
        for each in entry.body.opened
        if each.system == contract.name
        for name in life.names(each)
    }
    told = [entry.body for entry in known.inspections if first <= entry.body.day <= last]
    answered = {entry.subject for entry in known.answers if first <= entry.at.astimezone(clock.LOCAL).date() <= last}
    return Turns(
        opened=sum(first <= day <= last for day in opened.values()),
        answered=len(answered & opened.keys()),
        closed=sum(ticket in opened for each in told for some in each.closed for ticket in some.tickets),
        reopened=sum(ticket in opened for each in told for ticket in each.reopened),
    )


def _then(every: Tickets, known: History, last: date) -> Tickets:
    """Return the tickets there were on a day, as they stood; reason and count are of the version in use."""
    lives = life.lives(entry for entry in known.inspections if entry.body.day <= last)
    answers = {entry.subject: entry for entry in known.answers if entry.at.astimezone(clock.LOCAL).date() <= last}
    return [
        {**each, **stand(lives[each["ticket_id"]], answers.get(each["ticket_id"]), last)}
        for each in every
        if each["ticket_id"] in lives
    ]


def tickets(connection: duckdb.DuckDBPyConnection) -> Tickets:
    """Return quality.ticket of a published version, as mappings."""
    if "quality.ticket" not in tables.existing(connection):
        return []
    cursor = connection.execute("select * from quality.ticket order by ticket_id")
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _pulls(settings: Settings, contract: Contract, first: date, last: date) -> Iterator[tuple[date, Outcome]]:
    # a file is named by the instant in UTC, so the day in Shanghai may begin on the day before
    names = {f"{first - timedelta(days=1):%Y%m}", f"{last:%Y%m}"}
    for path in sorted(outcome.folder(settings, contract).glob("[0-9]*.json")):
        if path.name[:6] in names:
            told = Outcome.read(path)
            day = datetime.fromisoformat(told.started).astimezone(clock.LOCAL).date()
            if first <= day <= last:
                yield day, told
