"""Survivorship: per element one record's value stands, by the rule the register declares; losers are kept.

Order: the authoritative systems in their order, then the newest record (or the value most records
have, then the newest), then the smallest record_id, so that two runs choose alike.
"""

from collections.abc import Iterator

import duckdb

from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element, elements_of

_BATCH = 6  # elements aggregated at once: memory grows with it, time with its inverse


def elements(entity: str) -> tuple[Element, ...]:
    """Return the elements an entity's golden record has."""
    return tuple(each for each in elements_of(entity) if each.id != "record_updated_date")


def authority(element: Element) -> str:
    """Return SQL: the rank of a record's system for this element, 0 first."""
    ranks = element.survivorship.authoritative
    if not ranks:
        return "0"
    cases = " ".join(f"when {literal(system)} then {rank}" for rank, system in enumerate(ranks))
    return f"case c.system {cases} else {len(ranks)} end"


def rule(element: Element) -> str:
    """Return SQL: why the winning record won: authoritative, newest or most_frequent."""
    systems = ", ".join(literal(system) for system in element.survivorship.authoritative)
    then = literal(element.survivorship.then)
    return f"case when c.system in ({systems}) then 'authoritative' else {then} end" if systems else then


def create_candidate(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `matching.<entity>_candidate`: each current record with its entity, an identifier it borrows removed."""
    entity = matching.entity
    cells = ", ".join(
        f"case when a.is_borrowed then null else r.{each.id} end as {each.id}"
        if each.id == matching.identifier
        else f"r.{each.id}"
        for each in elements(entity)
    )
    connection.execute(
        f"""create or replace table matching.{entity}_candidate as
        select l.entity_id, r.record_id, r.system, coalesce(r.record_updated_date, r.landed_date) as record_date,
            {cells}
        from standard.{entity}_record as r
        join matching.{entity}_link as l using (record_id)
        left join matching.{entity}_anchor as a using (record_id)
        where r.is_current
        order by l.entity_id, r.record_id"""
    )


def create_winner(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `matching.<entity>_winner`: one row an entity, per element the record_id whose value stands."""
    entity = matching.entity
    every = elements(entity)
    joins = []
    for start in range(0, len(every), _BATCH):
        batch = every[start : start + _BATCH]
        name = f"won_{start}"
        votes = [each for each in batch if each.survivorship.then == "most_frequent"]
        counted = ", ".join(
            f"count({each.id}) over (partition by entity_id, {each.id}) as {each.id}_votes" for each in votes
        )
        source = f"(select *{', ' + counted if counted else ''} from matching.{entity}_candidate)"
        winners = ", ".join(
            f"arg_min(c.record_id, {_order(each)}) filter (where c.{each.id} is not null) as {each.id}"
            for each in batch
        )
        connection.execute(
            f"""create or replace temp table {name} as
            select c.entity_id, {winners} from {source} as c group by c.entity_id"""
        )
        joins.append(name)
    columns = ", ".join(each.id for each in every)
    chained = joins[0] + "".join(f" join {name} using (entity_id)" for name in joins[1:])
    connection.execute(
        f"""create or replace table matching.{entity}_winner as
        select entity_id, {columns} from {chained} order by entity_id"""
    )
    for name in joins:
        connection.execute(f"drop table {name}")


def _order(element: Element) -> str:
    votes = f"-c.{element.id}_votes, " if element.survivorship.then == "most_frequent" else ""
    return f"row({authority(element)}, {votes}-epoch(c.record_date), c.record_id)"


def create_golden(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `matching.<entity>_golden`: one row an entity with the winning values, and how many say so."""
    entity = matching.entity
    every = elements(entity)
    values = ", ".join(f"max(c.{each.id}) filter (where c.record_id = w.{each.id}) as {each.id}" for each in every)
    connection.execute(
        f"""create or replace table matching.{entity}_golden as
        select c.entity_id, {values}, count(*) as record_count, count(distinct c.system) as system_count,
            string_agg(distinct c.system, ',' order by c.system) as source_systems, max(c.record_date) as source_date
        from matching.{entity}_candidate as c join matching.{entity}_winner as w using (entity_id)
        group by c.entity_id
        order by c.entity_id"""
    )


def cells(matching: Matching) -> Iterator[str]:
    """Yield per element a select of every record's say: entity, entity_id, element_id, ..., is_winner, rule."""
    entity = matching.entity
    for each in elements(entity):
        yield f"""select '{entity}' as entity, c.entity_id, '{each.id}' as element_id, c.system, c.record_id,
            cast(c.{each.id} as varchar) as value, c.record_date, c.record_id = w.{each.id} as is_winner,
            {rule(each)} as rule
            from matching.{entity}_candidate as c join matching.{entity}_winner as w using (entity_id)
            where c.{each.id} is not null"""


def conflicts(matching: Matching) -> Iterator[str]:
    """Yield per element a select of the entities whose systems disagree: the value that stands, and the others."""
    entity = matching.entity
    for each in elements(entity):
        yield f"""select '{entity}' as entity, c.entity_id, '{each.id}' as element_id,
            max(cast(c.{each.id} as varchar)) filter (where c.record_id = w.{each.id}) as present_value,
            max(c.system) filter (where c.record_id = w.{each.id}) as present_system,
            string_agg(distinct cast(c.{each.id} as varchar), '；' order by cast(c.{each.id} as varchar))
                filter (where c.{each.id} <> g.{each.id}) as other_values,
            string_agg(distinct c.system, ',' order by c.system)
                filter (where c.{each.id} <> g.{each.id}) as other_systems
            from matching.{entity}_candidate as c
            join matching.{entity}_winner as w using (entity_id)
            join matching.{entity}_golden as g using (entity_id)
            where c.{each.id} is not null
            group by c.entity_id
            having count(distinct c.{each.id}) > 1"""
