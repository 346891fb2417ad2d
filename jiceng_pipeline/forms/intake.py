"""Taking values in (入库): each accepted value is an event of the ledger, and goes to the systems that need it.

Whoever collects, by a form, on a page of the portal or on a telephone, ends here. Values are standard values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal

import duckdb

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import collected
from jiceng_pipeline.forms import outbox
from jiceng_pipeline.landing import identity as landing
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.matching import borrowed
from jiceng_pipeline.matching.founding import keyed
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.macro import literal

Entity = Literal["resident", "enterprise"]
IDENTIFIERS: Mapping[str, tuple[str, str]] = {
    "resident": ("citizen_id", "name"),
    "enterprise": ("unified_social_credit_code", "enterprise_name"),
}


@dataclass(frozen=True)
class Whom:
    """Of whom something was collected: the entity, and the record that leads to it wherever it merges."""

    entity: Entity
    entity_id: str
    record_id: str | None
    is_new: bool = False


@dataclass(frozen=True)
class Holder:
    """Who holds an identifier, whether the name it was given with may be theirs, and the community they are of."""

    whom: Whom
    is_named_so: bool
    community: str | None


@dataclass(frozen=True)
class Said:
    """One value on its way in. `kind`: collected, or looked at and found right."""

    whom: Whom
    element_id: str
    value: str
    kind: Literal["collected", "verified"] = "collected"


@dataclass(frozen=True)
class Taken:
    """What became of a value: the number of its event, its receipt, and the systems it goes to."""

    seq: int
    receipt: str
    systems: tuple[str, ...]


def known(
    connection: duckdb.DuckDBPyConnection, settings: Settings, entity: Entity, entity_ids: Iterable[str]
) -> Mapping[str, Whom]:
    """Return those of these entities that the version has, each with the record that founded it."""
    wanted = ", ".join(map(literal, sorted(set(entity_ids)))) or "''"
    rows = connection.execute(
        f"""select entity_id, arg_min(record_id, ({keyed(settings, entity, "record_id")} <> entity_id, record_id))
        from matching.{entity}_link where entity_id in ({wanted}) group by entity_id"""
    ).fetchall()
    return {entity_id: Whom(entity, entity_id, record_id) for entity_id, record_id in rows}


def by_identifier(
    connection: duckdb.DuckDBPyConnection, settings: Settings, entity: Entity, identifier: str, name: str
) -> Holder | None:
    """Return whom an identifier belongs to, None where nobody holds it; `name` is that which it was given with."""
    number, called = IDENTIFIERS[entity]
    rows = connection.execute(
        f"""select golden.entity_id, golden.{called}, governed.community_code from matching.{entity}_golden as golden
        left join governance.{entity} as governed on governed.{entity}_id = golden.entity_id
        where golden.{number} = ? order by golden.entity_id limit 1""",
        [identifier],
    ).fetchall()
    if not rows:
        return None
    entity_id, held, community = rows[0]
    # as records are matched: an enterprise is its number, a resident a number under a name that may be theirs
    is_named_so = entity == "enterprise" or held is None or borrowed.is_one(connection, settings, held, name)
    return Holder(known(connection, settings, entity, [entity_id])[entity_id], is_named_so, community)


def newcomer(settings: Settings, entity: Entity, identifier: str) -> Whom:
    """Return the name of somebody nobody holds yet; the same identifier gives the same name."""
    system = next(name for name, contract in collected().items() if contract.entity == entity)
    record = landing.record_id(settings.secret, system, ["new", identifier])
    entity_id = sha256(f"{settings.secret}|{entity}|{record}".encode()).hexdigest()[:32]
    return Whom(entity, entity_id, record, is_new=True)


def last_words(ledger: Ledger, entity: Entity, entity_ids: Iterable[str]) -> Mapping[tuple[str, str], Entry[Intake]]:
    """Return (entity_id, element) → the last intake of the cell, of these entities."""
    found: dict[tuple[str, str], Entry[Intake]] = {}
    for entity_id in sorted(set(entity_ids)):
        for event in ledger.about("intake", f"{entity}:{entity_id}:"):
            entry = views.typed(event, Intake)
            cell = (entry.body.entity_id, entry.body.element_id)
            if cell not in found or entry.body.collected_date >= found[cell].body.collected_date:
                found[cell] = entry
    return found


def take(
    ledger: Ledger,
    actor: str,
    said: Sequence[Said],
    *,
    community: str,
    day: date,
    source: str,
    base_version: str | None = None,
) -> list[Taken]:
    """Write values down, one event each, and put each into the outbox of the systems that hold its element.

    Who may is the caller's to have asked; raise UsageError for an element that communities are not asked for.
    """
    grants = outbox.granted(ledger)
    found = []
    for each in said:
        element = register.element(each.element_id)
        if element.collection is None or each.whom.entity not in element.entities:
            raise UsageError("这一项不向社区采集", where=element.title, cure="请在来源部门更正，或提异议")
        body = Intake(
            entity=each.whom.entity,
            entity_id=each.whom.entity_id,
            element_id=each.element_id,
            value=each.value,
            community_code=community,
            collected_date=day,
            source=source,
            kind=each.kind,
            base_version=base_version,
            record_id=each.whom.record_id,
            is_new=each.whom.is_new,
        )
        with ledger.together():  # a value that is there is no longer news, so nobody would put it into an outbox later
            event = ledger.append("intake", body.subject, body, actor)
            sent = outbox.send(ledger, event.seq, body, grants) if each.kind == "collected" else ()
        found.append(Taken(event.seq, event.receipt, sent))
    return found
