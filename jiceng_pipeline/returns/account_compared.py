"""The account of a place beside what communities above it have on average, and what came back to it month by month.

Averages are of all communities of a division, and are not told where there are fewer than three: two could work out
each other.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.kinds.audit import Channel
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns import account, communities
from jiceng_pipeline.returns.access import served
from jiceng_pipeline.returns.account import FIGURES, Account
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import has_table
from jiceng_pipeline.warehouse.publish import Version

FEWEST = 3  # communities below which no average is told
MONTHS = 12
_LEVELS = (9, 6)  # digits of the divisions an account is compared with
_COMMUNITY = 12
_counted: dict[str, tuple[str, Sequence[tuple[str, str, int]]]] = {}  # division → the version it was counted in


@dataclass(frozen=True)
class Average:
    """What a community of a division has on average."""

    name: str
    communities: int
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Month:
    """How many values of a place became others in a month, and how many came where there were none."""

    first: date
    corrected: int
    added: int


@dataclass(frozen=True)
class Compared:
    """An account with those right below it, its months, and the averages of its township and county, the nearest first.

    A township's or county's own average is among them.
    """

    own: Account
    parts: Sequence[Account]
    averages: Sequence[Average]
    months: Sequence[Month]
    receipt: str


def compared(
    settings: Settings, ledger: Ledger, connection: duckdb.DuckDBPyConnection, version: Version, *, actor: str,
    scope: str, channel: Channel = "page",
) -> Compared:  # fmt: skip
    """Return the account of a place with its surroundings; raise AccessDenied where no grant covers the place."""
    access = account.leave(ledger, actor, scope, version, channel)
    own, *parts = account.summed(settings, ledger, connection, access)
    averages = _averages(settings, ledger, connection, version, scope)
    months = _months(connection, access.where("community_code"))
    served(ledger, access, 1 + len(parts))
    return Compared(own, parts, averages, months, access.receipt)


def _averages(
    settings: Settings, ledger: Ledger, connection: duckdb.DuckDBPyConnection, version: Version, scope: str
) -> Sequence[Average]:
    above = [scope[:digits] for digits in _LEVELS if len(scope) >= digits]
    if not above:
        return ()
    top = above[-1]
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for code, what, number in (*_came_back(connection, version, top), *account.was_done(settings, ledger, top)):
        counted[code][what] += number
    names = communities.places(settings.reference)
    found = []
    for code in above:
        # who has no register at all is no community that anything could come back to
        inside = [each for place, each in counted.items() if place.startswith(code) and each["returned"]]
        if len(inside) >= FEWEST:
            told = {what: round(sum(each[what] for each in inside) / len(inside), 1) for what in FIGURES}
            found.append(Average(names[code].name, len(inside), told))
    return found


def _came_back(connection: duckdb.DuckDBPyConnection, version: Version, top: str) -> Sequence[tuple[str, str, int]]:
    """Return what came back to each community of a division: counted once a version, a county has a million people."""
    if _counted.get(top, ("", ()))[0] != version.name:
        where = f"community_code between {literal(top)} and {literal(f'{top}~')}"
        _counted[top] = version.name, tuple(account.came_back(connection, where, _COMMUNITY))
    return _counted[top][1]


def _months(connection: duckdb.DuckDBPyConnection, where: str) -> Sequence[Month]:
    """Return the months in which anything changed, the last twelve; the day of the first delivery is no change."""
    if not has_table(connection, "governance.changed_cell"):  # a version from before there was a history
        return ()
    rows = connection.execute(
        f"""with here as (
            select 'resident' as entity, resident_id as entity_id from returned.resident_register where {where}
            union all
            select 'enterprise', enterprise_id from returned.enterprise_register where {where}
        ),
        span as (
            select valid_from, lag(valid_to) over (
                partition by entity, entity_id, element_id order by valid_from) is not null as is_other
            from governance.changed_cell semi join here using (entity, entity_id)
        )
        select cast(date_trunc('month', valid_from) as date), count(*) filter (is_other), count(*) filter (not is_other)
        from span where valid_from > (select min(valid_from) from governance.changed_cell)
        group by all order by 1 desc limit {MONTHS}"""
    ).fetchall()
    return [Month(*row) for row in rows][::-1]
