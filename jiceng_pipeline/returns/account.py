"""有去有回账 (account): what a place gave, what came back to it, what of that was new, opened and checked.

Counts of cells, packages and minutes; nothing of a person. A township's account is the sum of its communities', with
what was opened for the whole township beside. Communities are not ranked by it; what they have on average above, and
what came back month by month, is in `account_compared`.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

import duckdb

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.clock import LOCAL
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.audit import Audit, Channel
from jiceng_pipeline.ledger.kinds.dispute import Dispute
from jiceng_pipeline.ledger.kinds.dispute_decision import DisputeDecision
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns import communities, datasets, grants
from jiceng_pipeline.returns.access import Access, authorise, served
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.warehouse.connection import identifier
from jiceng_pipeline.warehouse.publish import Version

DATASET = Dataset("account", "有去有回账", "看清一个社区交上去多少、回来多少、用上多少", ())
MINUTES = Path(__file__).with_name("account_minutes.yaml")
_REGISTERS = ("resident_register", "household_register", "dwelling_register", "enterprise_register")
# no data: where a row belongs, and how many systems say so
_NOT_COUNTED = {"community_code", "community_name", "record_count", "system_count", "source_systems", "source_date"}
_TAKEN_AWAY: frozenset[Channel | None] = frozenset({"download", "cli", "api"})
_DIGITS = (2, 4, 6, 9, 12)
FIGURES = (
    "supplied", "asked_again", "verified", "disputed", "upheld", "returned", "added", "corrected", "opened",
)  # fmt: skip
_Counted = Iterator[tuple[str, str, int]]


class Minutes(Document):
    """The declared constants behind the minutes saved."""

    package_minutes: float
    corrected_minutes: float


@dataclass(frozen=True)
class Account:
    """Of one place: cells it collected (`supplied`), of those `asked_again` of elements that departments' systems hold,
    cells it found right (`verified`), values it doubted and was right about (`disputed`, `upheld`); cells with a value
    in its registers (`returned`), rows and values that are new or changed since the version before (`added`,
    `corrected`), packages taken away (`opened`), and what that saves.
    """

    code: str
    name: str
    supplied: int
    asked_again: int
    verified: int
    disputed: int
    upheld: int
    returned: int
    added: int
    corrected: int
    opened: int

    @property
    def minutes_saved(self) -> int:
        """Return the minutes that what came back saves, by the declared constants."""
        each = minutes()
        return round(self.opened * each.package_minutes + self.corrected * each.corrected_minutes)


@cache
def minutes() -> Minutes:
    """Read the declared constants."""
    return documents.read(MINUTES, Minutes)


def accounts(
    settings: Settings,
    ledger: Ledger,
    connection: duckdb.DuckDBPyConnection,
    version: Version,
    *,
    actor: str,
    scope: str,
    since: date | None = None,
    channel: Channel = "page",
) -> list[Account]:
    """Return the account of a place, then those of the places right below it that have something, by code.

    `since` leaves out what was done before that day; what came back is that of the version. Raise AccessDenied where
    no grant covers the scope.
    """
    access = leave(ledger, actor, scope, version, channel)
    found = summed(settings, ledger, connection, access, since)
    served(ledger, access, len(found))
    return found


def leave(ledger: Ledger, actor: str, scope: str, version: Version, channel: Channel) -> Access:
    """Ask for leave to see the account of a place; raise AccessDenied where no grant covers it."""
    return authorise(
        ledger, actor, DATASET, scope, action="account", version=version.name, channel=channel,
        as_of=version.manifest.get("inputs", {}).get("business_date"),
    )  # fmt: skip


def summed(
    settings: Settings, ledger: Ledger, connection: duckdb.DuckDBPyConnection, access: Access, since: date | None = None
) -> list[Account]:
    """Return the accounts of a place that there is leave for, as `accounts` does."""
    scope = access.scope
    below = _below(scope)
    counted: dict[str, Counter[str]] = {scope: Counter()}
    for code, what, number in figures(settings, ledger, connection, scope, access.where(), below, since):
        for place in {scope, code[:below]} if code != scope else {scope}:
            if place == scope or len(code) >= below:
                counted.setdefault(place, Counter())[what] += number
    names = communities.places(settings.reference)
    return [
        Account(
            code,
            names[code].full_name if code in names else "全部",
            **{what: counts[what] for what in FIGURES},
        )
        for code, counts in sorted(counted.items(), key=lambda each: (each[0] != scope, each[0]))
    ]


def figures(
    settings: Settings, ledger: Ledger, connection: duckdb.DuckDBPyConnection, scope: str, where: str, digits: int,
    since: date | None = None,
) -> _Counted:  # fmt: skip
    """Yield (division of so many digits, or the longer or shorter one it was done for, which figure, how many)."""
    yield from came_back(connection, where, digits)
    yield from was_done(settings, ledger, scope, since)


def came_back(connection: duckdb.DuckDBPyConnection, where: str, digits: int) -> _Counted:
    """Yield what a version brought back; it is the same as long as that version is served."""
    yield from _returned(connection, where, digits)
    yield from _changed(connection, where, digits)


def was_done(settings: Settings, ledger: Ledger, scope: str, since: date | None = None) -> _Counted:
    """Yield what was done in a place up to now."""
    yield from _done(ledger, scope, since)
    yield from _opened(settings, ledger, scope, since)


def _below(scope: str) -> int:
    """Return how many digits the places right below have."""
    digits = 0 if scope == grants.EVERYTHING else len(scope)
    return next((each for each in _DIGITS if each > digits and each != 2), digits)


def _returned(connection: duckdb.DuckDBPyConnection, where: str, digits: int) -> _Counted:
    for name in _REGISTERS:
        columns = [column for column, *_ in connection.execute(f"describe returned.{name}").fetchall()]
        cells = " + ".join(
            f"count({identifier(each)})"
            for each in columns
            if (each not in _NOT_COUNTED and not each.endswith("_id")) or each == "citizen_id"
        )
        for code, number in connection.execute(
            f"select left(community_code, {digits}), {cells} from returned.{name} where {where} group by all"
        ).fetchall():
            yield code, "returned", number


def _changed(connection: duckdb.DuckDBPyConnection, where: str, digits: int) -> _Counted:
    for code, added, corrected in connection.execute(
        f"""select left(community_code, {digits}), count(*) filter (change_code in ('added', 'moved_in')),
            coalesce(sum(len(string_split(changed_elements, ','))) filter (change_code = 'changed'), 0)
        from returned.changes where {where} group by all"""
    ).fetchall():
        yield code, "added", added
        yield code, "corrected", int(corrected)


def _done(ledger: Ledger, scope: str, since: date | None) -> _Counted:
    held = {name for contract in contracts().values() for name in contract.columns.values()}
    for intake in views.entries(ledger, Intake):
        body = intake.body
        if _counts(body.community_code, scope, intake.at, since):
            yield body.community_code, "verified" if body.kind == "verified" else "supplied", 1
            if body.kind == "collected" and body.element_id in held:
                yield body.community_code, "asked_again", 1
    doubted: dict[str, str] = {}
    for dispute in views.entries(ledger, Dispute):
        doubted[dispute.subject] = dispute.body.community_code
        if _counts(dispute.body.community_code, scope, dispute.at, since):
            yield dispute.body.community_code, "disputed", 1
    for decision in views.entries(ledger, DisputeDecision):
        community = doubted.get(decision.subject)
        if decision.body.verdict == "upheld" and community and _counts(community, scope, decision.at, since):
            yield community, "upheld", 1


def _opened(settings: Settings, ledger: Ledger, scope: str, since: date | None) -> _Counted:
    prefix = "" if scope == grants.EVERYTHING else scope
    for name in datasets.datasets(settings):
        for event in ledger.about("audit", f"{name}/{prefix}"):
            if '"served"' not in event.text:
                continue
            entry = views.typed(event, Audit)
            if entry.body.channel in _TAKEN_AWAY and entry.body.action == "return" and _day(entry.at, since):
                yield entry.body.scope, "opened", 1


def _counts(community: str, scope: str, at: datetime, since: date | None) -> bool:
    return (scope == grants.EVERYTHING or community.startswith(scope)) and _day(at, since)


def _day(at: datetime, since: date | None) -> bool:
    return since is None or at.astimezone(LOCAL).date() >= since
