"""谁看过这个人: what the audit says of one resident, and of everything, the last first.

A page names whom it showed; a package, a list or a query covers whoever was in its division on the day its version
speaks of. Which events those are is found through the ledger's index on subjects, so a million others cost nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.chain import Event
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.returns.communities import DIGITS
from jiceng_pipeline.returns.grants import EVERYTHING

OF_THE_PERSON = "看了本人"
OF_THE_HOUSEHOLD = "看了同住的户"
OF_A_THING = "看了有关的房屋或市场主体"
ON_A_PAGE = "在列出的人当中"
IN_A_PACKAGE = "在给出的名册当中"
PERHAPS = "可能在给出的数据当中"
_REGISTERS_OF_PEOPLE = {"resident_register"}
_OF_ENTERPRISES = {"enterprise_register"}
_LEAVE = re.compile(r'"leave":(\d+)')
_NOT_SEEN = {"denied", "failed"}
_Places = tuple[tuple[str, date | None, date | None], ...]


@dataclass(frozen=True)
class Seen:
    """One reading that covered the person; `how` says in which way."""

    how: str
    entry: Entry[Audit]


@dataclass(frozen=True)
class _Person:
    """`places` are community, first day and first day no more; `subjects` what else leads to the person → how.

    `merged` are the same for each community that became one of these: the person was in one of them, who knows which.
    """

    resident_id: str
    places: _Places
    merged: _Places
    subjects: Mapping[str, str]
    has_enterprise: bool


def who_saw(
    ledger: Ledger, connection: duckdb.DuckDBPyConnection, resident_id: str, merged: Mapping[str, str]
) -> list[Seen]:
    """Return the readings that covered a resident, the last first; raise UsageError for an unknown one.

    `merged` are the communities that are no more → what each is now: the past is told in the codes of today, and what
    was read before a merger in those of its day.
    """
    person = _person(connection, resident_id, merged)
    found = [
        Seen(how, entry)
        for subject, how in person.subjects.items()
        for entry in _what_came_of_it(ledger.on("audit", subject))
    ]
    known = (*person.places, *person.merged)
    scopes = {community[:digits] for community, _, _ in known for digits in DIGITS.values()} | {EVERYTHING}
    for dataset in _datasets(ledger):
        if dataset in _OF_ENTERPRISES and not person.has_enterprise:
            continue
        for scope in sorted(scopes):
            for entry in _what_came_of_it(ledger.on("audit", f"{dataset}/{scope}")):
                if how := _covered(entry.body, person):
                    found.append(Seen(how, entry))
    return sorted(found, key=lambda seen: -seen.entry.seq)


def backwards(ledger: Ledger, actor: str = "", outcome: str = "", since: date | None = None) -> Iterator[Entry[Audit]]:
    """Yield what was audited, the last first: of one account, with one outcome, from one day on."""
    for event in ledger.backwards("audit"):
        if since and datetime.fromisoformat(event.at).date() < since:
            return
        if not actor or event.actor == actor:
            entry = views.typed(event, Audit)
            if not outcome or entry.body.outcome == outcome:
                yield entry


def _covered(audit: Audit, person: _Person) -> str | None:
    if audit.shown is not None:
        return ON_A_PAGE if person.resident_id in audit.shown else None
    if _is_among(person.places, audit):
        return IN_A_PACKAGE if audit.dataset in _REGISTERS_OF_PEOPLE else PERHAPS
    return PERHAPS if _is_among(person.merged, audit) else None


def _is_among(places: _Places, audit: Audit) -> bool:
    """Say whether one of these was in the division on the day, or ever where the day is not known."""
    scope, day = audit.scope, audit.as_of
    return any(
        (scope == EVERYTHING or community.startswith(scope))
        and (day is None or ((first is None or first <= day) and (end is None or day < end)))
        for community, first, end in places
    )


def _what_came_of_it(events: list[Event]) -> Iterator[Entry[Audit]]:
    """Yield of each leave given what was served on it or, where that is not known, the leave itself."""
    # half of the events only say that leave was given, and are not taken apart
    said = [event for event in events if '"outcome":"denied"' not in event.text]
    told = {int(found[1]) for event in said if (found := _LEAVE.search(event.text))}
    for event in said:
        if event.seq not in told and (entry := views.typed(event, Audit)).body.outcome not in _NOT_SEEN:
            yield entry


def _datasets(ledger: Ledger) -> Iterator[str]:
    """Yield the datasets that were ever asked for, jumping from one to the next."""
    subject = ledger.next_subject("audit", "")
    while subject is not None:
        dataset, slash, _ = subject.rpartition("/")
        if slash:
            if not dataset.startswith("act:"):
                yield dataset
            after = dataset + "0"  # the sign after /
        else:
            after = subject.partition(":")[0] + ";"  # the sign after :
        subject = ledger.next_subject("audit", after)


def _person(connection: duckdb.DuckDBPyConnection, resident_id: str, merged: Mapping[str, str]) -> _Person:
    now = connection.execute(
        "select household_id, community_code from governance.resident where resident_id = ?", [resident_id]
    ).fetchall()
    if not now:
        raise UsageError("没有这个人", where=f"人员标识 {resident_id[:32]}", cure="写人员标识（resident_id），不是证号")
    household, community = now[0]
    past = connection.execute(
        """select element_id, value, valid_from, valid_to from governance.changed_cell
        where entity = 'resident' and entity_id = ? and element_id in ('community_code', 'household_id')
        order by all""",
        [resident_id],
    ).fetchall()
    places = [(value, first, end) for element, value, first, end in past if element == "community_code" and value]
    # where somebody never moved there is no history: it was always so
    if community and not any(value == community for value, _, _ in places):
        places.append((community, max((end for _, _, end in places if end), default=None), None))
    households = {value for element, value, _, _ in past if element == "household_id" and value}
    dwellings, enterprises = (
        [key for (key,) in connection.execute(sql, [resident_id]).fetchall()]
        for sql in (
            "select distinct address_id from governance.residence where resident_id = ? order by 1",
            "select distinct enterprise_id from governance.operation where resident_id = ? order by 1",
        )
    )
    subjects = {
        f"resident:{resident_id}": OF_THE_PERSON,
        **{
            f"household:{each}": OF_THE_HOUSEHOLD for each in sorted(households | ({household} if household else set()))
        },
        **{f"dwelling:{each}": OF_A_THING for each in dwellings},
        **{f"enterprise:{each}": OF_A_THING for each in enterprises},
    }
    earlier = tuple(
        (code, first, end)
        for community, first, end in places
        for code, now in sorted(merged.items())
        if now == merged.get(community, community) and code != community
    )
    return _Person(resident_id, tuple(places), earlier, subjects, bool(enterprises))
