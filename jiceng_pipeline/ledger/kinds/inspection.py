"""What one sync found (检查记录): figures, failed rules, and which tickets it opened, closed or reopened.

It is what makes the history of tickets and of figures a function of the ledger. It holds counts, names of
systems, elements and rules, and surrogate keys; never a value of a person.
"""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from jiceng_pipeline.ledger.kind import Body


class Part(BaseModel):
    """Base of the parts of an inspection."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Figures(Part):
    """One system as it stood: `nulls`, `invalid` element → share of its rows; `codes` element → code → share.

    `quarantine` counts cells by the department's column; rows that could not be read are under "".
    """

    snapshot: str | None
    snapshot_date: date | None
    status: str
    rows_in: int = 0
    rows: int = 0
    rows_quarantined: int = 0
    quarantine: Mapping[str, int] = {}
    nulls: Mapping[str, float] = {}
    invalid: Mapping[str, float] = {}
    codes: Mapping[str, Mapping[str, float]] = {}


class Verdict(Part):
    """How one rule was judged; `owners` has the failing rows of each system that answers for some."""

    passed: bool
    broken: bool
    failed: int
    total: int
    owners: Mapping[str, int] = {}


class Opened(Part):
    """Tickets of one cause at one owner: one a record in `keys`, and one of them all where `is_systemic`."""

    system: str
    kind: str
    cause: str
    keys: tuple[str, ...] = ()
    is_systemic: bool = False


class Closed(Part):
    """Tickets whose failure is gone, and the later pull that shows it."""

    evidence: str
    tickets: tuple[str, ...]


class Standing(Part):
    """A system's tickets after this sync."""

    open: int
    overdue: int


class Inspection(Body):
    """`unseen` are tickets whose failure is not there now, but no later pull says that it was mended."""

    bears_on_data: ClassVar[bool] = True
    is_finding: ClassVar[bool] = True

    day: date
    systems: Mapping[str, Figures]
    checks: Mapping[str, Verdict] = {}
    entities: Mapping[str, int] = {}
    conflicts: int = 0
    tickets: Mapping[str, Standing] = {}
    opened: tuple[Opened, ...] = ()
    reopened: tuple[str, ...] = ()
    closed: tuple[Closed, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """Return what the event is about: the day."""
        return self.day.isoformat()

    @property
    def landing(self) -> Mapping[str, str | None]:
        """Return system → the snapshot that was in force."""
        return {system: told.snapshot for system, told in self.systems.items()}
