"""Survivorship: per element one record's value stands, by the rule the register declares; losers are kept.

Order: what a person froze; what a community collected, where it stands (see `collected`); a value that the record's
own number proves (a birth date is its digits 7 to 14, GB 11643); the authoritative systems in their order; then by
the rule, the newest record, or the value most records have, or the one a system was last seen to change to (see
`seen_change`). Last the smallest record_id, so that two runs choose alike.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import duckdb

from jiceng_pipeline.matching import collected, frozen, holders, household, seen_change, sole, votes
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.code_sets import unsaid
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element, elements_of
from jiceng_pipeline.warehouse import blank
from jiceng_pipeline.warehouse.slices import fitting, slices

# `seen_change.alike` of an address, of what staging has of it
_DOORS = {"dwelling_address": "coalesce(d.dwelling_door, d.dwelling_key, c.dwelling_address)"}


def elements(entity: str) -> tuple[Element, ...]:
    """Return the elements an entity's golden record has."""
    return tuple(each for each in elements_of(entity) if each.id != "record_updated_date")


def authority(element: Element) -> str:
    """Return SQL: the rank of a record's system for this element, 0 first; last who says that it is not known."""
    ranks = element.survivorship.authoritative
    cases = [f"when c.system = {literal(system)} then {rank}" for rank, system in enumerate(ranks)]
    if nothing := unsaid(element.code_set) if element.code_set else ():
        cases.insert(0, f"when c.{element.id} in ({', '.join(map(literal, nothing))}) then {len(ranks) + 1}")
    return f"case {' '.join(cases)} else {len(ranks)} end" if cases else "0"


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


def create_candidate(connection: duckdb.DuckDBPyConnection, matching: Matching, most: int | None = None) -> None:
    """Create `matching.<entity>_candidate`: each current record with its entity, an identifier it borrows removed.

    What communities collected of somebody known is there too, a row a cell. `is_sole`: its entity has no other. Of a
    resident `household_id` is there as well, so that nothing of whoever has one record is written a second time.
    About `most` records are sorted at a time, None: as many as the memory is for.
    """
    entity = matching.entity
    cells = ", ".join(
        f"case when b.record_id is not null then null else r.{each.id} end as {each.id}"
        if each.id == matching.identifier
        else f"r.{each.id}"
        for each in elements(entity)
    )
    collected.create_taken(connection, matching)
    said = list(collected.candidates(matching, elements(entity)))
    more = "".join(f" union all {select}" for select in said)
    also = "".join(f" union all select entity_id from ({select})" for select in said)
    named = household.named(entity)
    shown = "".join(f", m.{name}" for name in named)

    def select(lies: str) -> str:
        link = f"(from matching.{entity}_link where is_current and {lies})"
        member = f"(select resident_id as entity_id, {', '.join(named)} from matching.household_member where {lies})"
        household_of = f"left join {member} as m on m.entity_id = c.entity_id" if named else ""
        return f"""with candidate as (select l.entity_id, r.record_id, r.system,
                coalesce(r.record_updated_date, r.landed_date) as record_date, {cells}
            from standard.{entity}_record as r join {link} as l using (record_id)
            left join matching.{entity}_borrowed as b using (record_id)
            where r.is_current{more})
            select c.*, s.entity_id is null as is_sole{shown}
            from (from candidate where {lies}) as c
            left join ({sole.shared(f"select entity_id from {link}{also}")}) as s on s.entity_id = c.entity_id
            {household_of}"""

    every = [each.id for each in elements(entity)]
    filled = {
        "entity_id",
        "record_id",
        "system",
        "record_date",
        "is_sole",
        *named,
        *blank.filled(connection, f"standard.{entity}_record", every),
    }
    for contract in collected.sources(entity):
        held = register.held(contract.columns.values())
        filled |= blank.filled(connection, f"standard.{contract.table}", [name for name in every if name in held])
    kept = blank.declare(connection, f"matching.{entity}_candidate", select("true"), filled)
    rows = connection.execute(f"select count(*) from matching.{entity}_link where is_current").fetchall()[0][0]
    for lies in slices("entity_id", rows, most or fitting(connection, len(filled))):
        connection.execute(
            f"""insert into matching.{entity}_candidate ({kept})
            select {kept} from ({select(lies)}) order by entity_id, record_id"""
        )
    connection.execute("drop table temp.number_taken")


def create_winner(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `matching.<entity>_winner`: one row an entity, per element the record_id whose value stands.

    Where a person froze the value it is `freeze/` and the record they said it of. It is a view: what is written is,
    of whom there is more than one record, `matching.<entity>_standing`, an entity's `records` and per element that is
    held the place of one among them. To write the same id once for each element took most of the time.
    """
    entity = matching.entity
    every = elements(entity)
    said = collected.elements_said(connection, entity)
    disputed = sole.disputed(connection, entity)
    by_systems = f"{disputed} and not {collected.is_of('c.system', entity)}" if said else disputed
    seen_change.create(connection, entity, disputed)
    counted = votes.count(connection, entity, _voting(every), by_systems)
    made = ["known", "seen_change", *(votes.table(each) for each in counted)]
    parts = []
    alone = f"(select *, rowid as place from matching.{entity}_candidate as c where {by_systems}) as c"
    for number, holding in enumerate(holders.holdings(connection, entity, every, by_systems)):
        parts.append((f"won_{number}", holding))
        voted = [each for each in counted if each in holding.elements]
        changed = [each for each in seen_change.kept(entity) if each in holding.elements]
        ranked = _ranked(entity, by_systems, voted, changed)
        holders.gather(connection, f"won_{number}", holding, ranked, alone, _alone, _first(voted, changed))
    # the candidates are in order of entity and record, so the first row of an entity tells the place of each other
    connection.execute(
        f"""create or replace temp table known as
        select entity_id, min(rowid) as first_row, list_sort(list(record_id)) as records
        from matching.{entity}_candidate as c where {disputed} group by entity_id"""
    )
    more = ("first_row", "records")
    won = holders.assembled(every, parts, "temp.known", of_none="cast(null as bigint)", more=more)
    cells = ", ".join(f"cast({each.id} - first_row + 1 as integer) as {each.id}" for each in every)
    won = f"select entity_id, records, {cells} from ({won})"
    made += [name for name, _ in parts]
    if said:
        connection.execute(f"create or replace temp table won_by_systems as {won}")
        ids = ", ".join(f"records[{each.id}] as {each.id}" for each in said)
        collected.create_standing(connection, entity, f"(select entity_id, {ids} from temp.won_by_systems)", said)
        made += ["won_by_systems", "collected_standing"]
        stands = {each.id for each in said}
        listed = (
            f"case when k.{e.id} is null then w.{e.id} else list_position(w.records, k.{e.id}) end as {e.id}"
            if e.id in stands
            else f"w.{e.id}"
            for e in every
        )
        won = f"""select w.entity_id, w.records, {", ".join(listed)}
            from temp.won_by_systems as w left join temp.collected_standing as k using (entity_id)"""
    by_word = frozen.elements(connection, entity)
    candidates = blank.filled(connection, f"matching.{entity}_candidate", [each.id for each in every])
    held = [each.id for each in every if each.id in candidates or each.id in by_word]
    columns = "".join(f", {name}" for name in held)
    connection.execute(
        f"""create or replace table matching.{entity}_standing as
        select entity_id, records{columns} from ({_by_word(entity, won, every, by_word)}) order by entity_id"""
    )
    sole.create_winner(connection, entity, every, held)
    for name in made:
        connection.execute(f"drop table temp.{name}")


def _by_word(entity: str, won: str, every: Sequence[Element], by_word: frozenset[str]) -> str:
    """Return the select `won` with, where a person froze a cell, the place of that word after the records."""
    if not by_word:
        return won
    word = "case when value is not null then 'freeze/' || record_id end"  # of what is denied nobody's value stands
    words = {each.id: word for each in every if each.id in by_word}
    cells = frozen.overruled(every, words, lambda each: f"len(w.records) + list_position(z.words, z.{each})")
    return f"""select w.entity_id, w.records || coalesce(z.words, []) as records, {cells}
        from ({won}) as w left join (
            select *, list_sort(list_distinct([{", ".join(words)}])) as words
            from ({frozen.pivoted(entity, words)})) as z using (entity_id)"""


def _voting(every: Sequence[Element]) -> Mapping[Element, str]:
    """Return, of the elements whose rule counts who says the same, what is the same: of an address its door."""
    return {each: _DOORS.get(each.id, f"c.{each.id}") for each in every if each.survivorship.then != "newest"}


# What ranks a record, the smallest first, as one number, which is much quicker to compare than a row of several:
# whether its own number proves it, the authority of its system, how long ago it was seen to change, how few say the
# same, how old it is, and where it stands among the candidates, which are in order of record_id.
_PLACES, _DAYS, _VOTES, _SYSTEMS = 1 << 36, 1 << 24, 1 << 20, 1 << 10


def _ago(day: str, otherwise: int) -> str:
    """Return SQL: the smaller the later the day, from 1 up."""
    days = f"coalesce({day} - date '1970-01-01', {otherwise})"
    return f"cast({_DAYS // 2} - greatest(least({days}, {_DAYS // 2 - 1}), {1 - _DAYS // 2}) as hugeint)"


def _ranked(entity: str, among: str, voted: Sequence[Element], changed: Sequence[Element]) -> str:
    """Return SQL: the candidates c with `age` and what the rules go by: `<element>_votes`, `<element>_changed`."""
    told = [*(f"{votes.table(each)}.votes as {each.id}_votes" for each in voted),
            *(f"s.{each.id}_changed" for each in changed)]  # fmt: skip
    joins = "".join(f" left join temp.{votes.table(e)} on {votes.table(e)}.place = r.place" for e in voted)
    joins += " left join temp.seen_change as s on s.record_id = r.record_id" if changed else ""
    age = f"{_ago('record_date', 1 - _DAYS // 2)} * cast({_PLACES} as hugeint) + rowid"
    return f"""(select c.* from (
            select {", ".join(["r.*", *told])} from (
                select *, {age} as age, rowid as place from matching.{entity}_candidate) as r{joins}) as c
        where {among}) as c"""


def _alone(each: Element) -> str:
    return f"case when c.{each.id} is not null then c.place end"


def _first(voted: Sequence[Element], changed: Sequence[Element]) -> Callable[[Element], str]:
    """Return the SQL, for an element, of the record that ranks first of those that have a value."""

    def first(each: Element) -> str:
        long_ago = _ago(f"c.{each.id}_changed", 0) if each in changed else "0"
        few = f"{_VOTES} - coalesce(c.{each.id}_votes, 0)" if each in voted else "0"
        agreed = f"case {told} when true then 0 when false then 2 else 1 end" if (told := proof(each)) else "0"
        system = f"cast({_SYSTEMS} * ({agreed}) + ({authority(each)}) as hugeint)"
        rank = f"""(({system} * {_DAYS} + {long_ago}) * {2 * _VOTES} + {few})
            * cast({_DAYS * _PLACES} as hugeint) + c.age"""
        return f"cast(min({rank}) filter (where c.{each.id} is not null) % {_PLACES} as bigint)"

    return first


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


def cell_count(every: Iterable[Matching]) -> str:
    """Return the select of how many `cells` there are, told by the candidates alone."""
    parts = ["(select count(*) from matching.frozen_cell)"]
    for matching in every:
        filled = " + ".join(f"count({each.id})" for each in elements(matching.entity))
        parts.append(f"(select {filled} from matching.{matching.entity}_candidate)")
    return f"select {' + '.join(parts)}"
