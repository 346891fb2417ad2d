"""Survivorship: per element one record's value stands, by the rule the register declares; losers are kept.

Order: what a person froze; what a community collected, where it stands (see `collected`); a value that the record's
own number proves (a birth date is its digits 7 to 14, GB 11643); the authoritative systems in their order; then by
the rule, the newest record, or the value most records have, or the one a system was last seen to change to (see
`seen_change`). Last the smallest record_id, so that two runs choose alike.
"""

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from jiceng_pipeline.matching import collected, frozen, seen_change
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element, elements_of

_DOORS = {"dwelling_address": "dwelling_door"}  # where staging has `seen_change.alike` of an address
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


def proof(element: Element, record: str = "c") -> str | None:
    """Return SQL: whether a record agrees with what its own number says of this element; None where none says it."""
    number = element.survivorship.proof
    return f"{record}.{element.id} = {number}_{element.id}({record}.{number})" if number else None


def rule(element: Element, entity: str, proved: str | None) -> str:
    """Return SQL: why the winning record won: collected, authoritative, proved by a number, or the rule's name."""
    systems = ", ".join(literal(system) for system in element.survivorship.authoritative)
    then = literal(element.survivorship.then)
    by_authority = f" when c.system in ({systems}) then 'authoritative'" if systems else ""
    by_number = f" when {proved} then 'proved'" if proved else ""
    by_community = f"when {collected.is_of('c.system', entity)} then '{collected.RULE}'"
    return f"case {by_community}{by_authority}{by_number} else {then} end"


def create_candidate(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `matching.<entity>_candidate`: each current record with its entity, an identifier it borrows removed.

    What communities collected of somebody known is there too, a row a cell.
    """
    entity = matching.entity
    cells = ", ".join(
        f"case when a.is_borrowed then null else r.{each.id} end as {each.id}"
        if each.id == matching.identifier
        else f"r.{each.id}"
        for each in elements(entity)
    )
    more = "".join(f" union all {select}" for select in collected.candidates(entity, elements(entity)))
    connection.execute(
        f"""create or replace table matching.{entity}_candidate as
        select l.entity_id, r.record_id, r.system, coalesce(r.record_updated_date, r.landed_date) as record_date,
            {cells}
        from standard.{entity}_record as r
        join matching.{entity}_link as l using (record_id)
        left join matching.{entity}_anchor as a using (record_id)
        where r.is_current{more}
        order by entity_id, record_id"""
    )


def create_winner(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `matching.<entity>_winner`: one row an entity, per element the record_id whose value stands.

    Where a person froze the value it is `freeze/` and the record they said it of.
    """
    entity = matching.entity
    every = elements(entity)
    joins = []
    said = collected.elements_said(connection, entity)
    by_systems = f" and not {collected.is_of('c.system', entity)}" if said else ""
    votes_of = f" filter (where not {collected.is_of('system', entity)})" if said else ""
    seen_change.create(connection, entity)
    for start in range(0, len(every), _BATCH):
        batch = every[start : start + _BATCH]
        name = f"won_{start}"
        source = f"({_counted(entity, batch, votes_of)})"
        winners = ", ".join(
            f"arg_min(c.record_id, {_order(each)}) filter (where c.{each.id} is not null{by_systems}) as {each.id}"
            for each in batch
        )
        connection.execute(
            f"""create or replace temp table {name} as
            select c.entity_id, {winners} from {source} as c group by c.entity_id"""
        )
        joins.append(name)
    columns = ", ".join(each.id for each in every)
    chained = joins[0] + "".join(f" join {name} using (entity_id)" for name in joins[1:])
    won = f"select entity_id, {columns} from {chained}"
    if said:
        connection.execute(f"create or replace temp table won_by_systems as {won}")
        collected.create_standing(connection, entity, "won_by_systems", said)
        joins += ["won_by_systems", "collected_standing"]
        stands = {each.id for each in said}
        cells = (f"coalesce(k.{e.id}, w.{e.id}) as {e.id}" if e.id in stands else f"w.{e.id}" for e in every)
        won = f"""select w.entity_id, {", ".join(cells)}
            from won_by_systems as w left join collected_standing as k using (entity_id)"""
    standing = _overruled(connection, entity, won, {each.id: "'freeze/' || record_id" for each in every})
    connection.execute(f"create or replace table matching.{entity}_winner as {standing} order by entity_id")
    for name in (*joins, "seen_change"):
        connection.execute(f"drop table {name}")


def _counted(entity: str, batch: Sequence[Element], votes_of: str) -> str:
    """Return the select of the candidates with what the rules of these elements go by: votes, changes seen."""
    votes = [each for each in batch if each.survivorship.then != "newest"]
    doors = [each for each in votes if each.type == "address"]
    changes = [each for each in batch if each in seen_change.kept(entity)]
    same = {
        each.id: f"coalesce(d.{_DOORS[each.id]}, c.{each.id})" if each in doors else f"c.{each.id}" for each in votes
    }
    columns = [
        *(f"count(c.{of}){votes_of} over (partition by c.entity_id, {key}) as {of}_votes" for of, key in same.items()),
        *(f"s.{each.id}_changed" for each in changes),
    ]
    return f"""select c.*{"".join(f", {each}" for each in columns)} from matching.{entity}_candidate as c
        {f"left join staging.{entity}_record as d using (record_id)" if doors else ""}
        {"left join seen_change as s using (record_id)" if changes else ""}"""


def _order(element: Element) -> str:
    then = element.survivorship.then
    changed = f"-coalesce(epoch(c.{element.id}_changed), 0), " if then == "last_change" else ""
    votes = f"-c.{element.id}_votes, " if then != "newest" else ""
    agreed = f"case {told} when true then 0 when false then 2 else 1 end, " if (told := proof(element)) else ""
    return f"row({agreed}{authority(element)}, {changed}{votes}-epoch(c.record_date), c.record_id)"


_HARM = ("high", "medium", "low")


def create_golden(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `matching.<entity>_golden`: one row an entity with the winning values, and how many say so."""
    entity = matching.entity
    every = elements(entity)
    values = ", ".join(f"max(c.{each.id}) filter (where c.record_id = w.{each.id}) as {each.id}" for each in every)
    counted = "count(*)"
    if collected.elements_said(connection, entity):  # what a community collected of somebody is one record
        is_said = collected.is_of("c.system", entity)
        counted = f"count(*) filter (where not {is_said}) + cast(bool_or({is_said}) as integer)"
    won = f"""select c.entity_id, {values}, {counted} as record_count, count(distinct c.system) as system_count,
            string_agg(distinct c.system, ',' order by c.system) as source_systems, max(c.record_date) as source_date
        from matching.{entity}_candidate as c join matching.{entity}_winner as w using (entity_id)
        group by c.entity_id"""
    said = {each.id: f"try_cast(value as {each.sql_type})" for each in every}
    more = ("record_count", "system_count", "source_systems", "source_date")
    standing = _overruled(connection, entity, won, said, more)
    connection.execute(f"create or replace table matching.{entity}_golden as {standing} order by entity_id")


def _overruled(
    connection: duckdb.DuckDBPyConnection, entity: str, won: str, said: Mapping[str, str], more: Sequence[str] = ()
) -> str:
    """Return the select `won` (entity_id, the elements, `more`) with what was `said` instead in frozen cells."""
    by_word = frozen.elements(connection, entity)
    cells = {element_id: sql for element_id, sql in said.items() if element_id in by_word}
    if not cells:
        return won
    listed = ", ".join(f"coalesce(z.{each}, w.{each}) as {each}" if each in cells else f"w.{each}" for each in said)
    rest = "".join(f", w.{each}" for each in more)
    return f"""select w.entity_id, {listed}{rest}
        from ({won}) as w left join ({frozen.pivoted(entity, cells)}) as z using (entity_id)"""


def cells(matching: Matching) -> Iterator[str]:
    """Yield per element a select of every record's say: entity, entity_id, element_id, ..., is_winner, rule."""
    entity = matching.entity
    for each in elements(entity):
        yield f"""select '{entity}' as entity, c.entity_id, '{each.id}' as element_id, c.system, c.record_id,
            cast(c.{each.id} as varchar) as value, c.record_date, c.record_id = w.{each.id} as is_winner,
            {rule(each, entity, proof(each))} as rule
            from matching.{entity}_candidate as c join matching.{entity}_winner as w using (entity_id)
            where c.{each.id} is not null"""
    yield f"""select entity, entity_id, element_id, {literal(frozen.SYSTEM)} as system, record_id, value,
        frozen_date as record_date, true as is_winner, {literal(frozen.RULE)} as rule
        from matching.frozen_cell where entity = '{entity}'"""


def conflicts(matching: Matching) -> Iterator[str]:
    """Yield per element a select of the entities whose systems disagree: what stands, by which rule, the others.

    Columns: entity, entity_id, element_id, present_value, present_system, present_date, other_values,
    other_systems, other_date (the latest), rule, harm (of the element, 1 the worst) and other_count (systems).
    """
    entity = matching.entity
    for each in elements(entity):
        text, proved = f"cast(c.{each.id} as varchar)", proof(each, "p")
        is_proved = f", coalesce(bool_or({proved}), false) as is_proved" if proved else ""
        stood = rule(each, entity, "c.is_proved" if proved else None)
        yield f"""select '{entity}' as entity, c.entity_id, '{each.id}' as element_id, c.present_value,
            coalesce(c.system, {literal(frozen.SYSTEM)}) as present_system, c.present_date, c.other_values,
            c.other_systems, c.other_date,
            case when c.system is null then {literal(frozen.RULE)} else {stood} end as rule,
            {_HARM.index(each.harm) + 1} as harm, c.other_count
            from (
                select c.entity_id, cast(max(g.{each.id}) as varchar) as present_value, max(p.system) as system,
                    max(p.record_date) as present_date{is_proved},
                    string_agg(distinct {text}, '；' order by {text}) as other_values,
                    string_agg(distinct c.system, ',' order by c.system) as other_systems,
                    max(c.record_date) as other_date, count(distinct c.system) as other_count
                from matching.{entity}_candidate as c
                join matching.{entity}_golden as g using (entity_id)
                join matching.{entity}_winner as w using (entity_id)
                left join matching.{entity}_candidate as p on p.record_id = w.{each.id}
                where c.{each.id} <> g.{each.id}
                group by c.entity_id) as c"""
