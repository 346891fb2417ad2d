"""What earlier syncs found, as the ledger has it: one inspection a day, and the answers to tickets.

A build reads the ledger up to the number it was settled at (`landing.ledger_bound`), and nothing of later
days, so that it stays a function of landing and ledger whenever it is made.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.inspection import Inspection
from jiceng_pipeline.ledger.kinds.ticket_answer import TicketAnswer
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.ledger.views import Entry

SHOWN_SYNCS = 14


@dataclass(frozen=True)
class History:
    """Inspections and answers in the ledger's order."""

    inspections: Sequence[Entry[Inspection]] = ()
    answers: Sequence[Entry[TicketAnswer]] = ()

    @property
    def days(self) -> list[Inspection]:
        """Return the last inspection of each day, oldest first."""
        return [each for _, each in sorted({entry.body.day: entry.body for entry in self.inspections}.items())]


def read(settings: Settings, day: date | None = None, until: int | None = None) -> History:
    """Return what the ledger holds up to `day` and event number `until`; None: everything."""
    if not settings.ledger.exists():
        return History()
    with open_ledger(settings) as ledger:
        return of(ledger, day, until)


def of(ledger: Ledger, day: date | None = None, until: int | None = None) -> History:
    """Return the same of a ledger that is open."""
    found = views.entries(ledger, Inspection, until=until)
    return History(
        [entry for entry in found if day is None or entry.body.day <= day],
        list(views.entries(ledger, TicketAnswer, until=until)),
    )


def trend(days: Iterable[Inspection], rule_id: str) -> list[tuple[date, int]]:
    """Return (day, failing rows) of one rule over the days it could be judged."""
    judged = ((each.day, each.checks.get(rule_id)) for each in days)
    return [(day, verdict.failed) for day, verdict in judged if verdict is not None and not verdict.broken]
