"""历史 (history): what sources said of each day, as understood now: today's links and rules over earlier contents.

    governance.changed_cell   the values of cells that were not always the same, with the days they stood

A day is that of the pull. `valid_to` is the first day on which the value no longer stood, null while it stands;
days without a row had no value. With the links of that evening an earlier day is what was published then. The
table is small, for most cells never change; it is made of all of landing, so a rebuild gives the same. What people
read are the views on it, see `as_of`.
"""

from collections.abc import Iterator, Sequence

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import version
from jiceng_pipeline.landing.snapshot import day
from jiceng_pipeline.matching import (
    as_of,
    collected,
    collected_history,
    frozen,
    seen_change,
    sole_history,
    steady,
    survivorship,
)
from jiceng_pipeline.matching.as_of import MEMBERSHIP
from jiceng_pipeline.matching.founding import keyed
from jiceng_pipeline.matching.household import NUMBER, REGISTER, registered
from jiceng_pipeline.matching.model import matchings
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element
from jiceng_pipeline.warehouse import blank
from jiceng_pipeline.warehouse.table import Table

_COLUMNS = "entity, entity_id, element_id, value, valid_from, valid_to"
_FOREVER = "date '9999-12-31'"
_ELEMENTS = 64  # more than any entity has with a history
_AGAIN = "select system from delivered where before_date is not null"  # what delivered more than once


def table() -> Table:
    """Return the table of what changed; the views on it are made with it."""
    read = {
        f"{schema}.{entity}_{part}"
        for entity in matchings()
        for schema, part in (("standard", "version"), ("standard", "record"), ("matching", "candidate"))
    }
    read |= {f"matching.{entity}_{part}" for entity in matchings() for part in ("link", "golden")}
    read |= {table for entity in matchings() for table in collected.tables_read(entity)}
    return Table(
        "governance",
        "changed_cell",
        "变过的值",
        "取值变过、后来才有或已经没有的格子，每个值从哪天到哪天；按今天的归并和取值规则重算",
        frozenset(read | {"matching.household_member", "matching.frozen_cell", "governance.conflict"}),
        build,
        is_one_transaction=False,
    )


def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `governance.changed_cell(entity, entity_id, element_id, value, valid_from, valid_to)`."""
    _create_delivered(connection, settings)
    connection.execute(
        f"""create or replace table governance.changed_cell (
        entity varchar, entity_id {blank.ID}, element_id varchar, value varchar, valid_from date, valid_to date)"""
    )
    for entity in sorted(matchings()):
        held = _held(connection, entity)
        sole_history.create_content(connection, entity, held)
        _create_spans(connection, entity, held)
        said = " union all ".join(_said(connection, settings, entity, held))
        connection.execute(f"create or replace temp table said as {said}")
        told = _changed(connection, entity, held)
        sole = sole_history.cells(connection, settings, entity, held)
        every = " union all ".join(f"(select * from ({each}))" for each in (told, *sole))
        connection.execute(
            f"""insert into governance.changed_cell select {_COLUMNS} from ({every})
            order by entity_id, element_id, valid_from"""
        )
    as_of.create_views(connection)
    for name in (
        "content",
        "succession",
        "span",
        "began",
        "said",
        "unsteady",
        "delivered",
        "turn",
        "moved",
    ):
        connection.execute(f"drop table if exists temp.{name}")


def _create_delivered(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create temp tables `delivered` and `turn`: what a record counts as where its system does not date it.

    It counts as new as its system's last whole delivery, so which of two is the newer may turn without either
    having changed: between two systems on the days in `turn`, against a date on the first deliveries after it.
    """
    days = version.deliveries(contracts().values(), settings)
    connection.execute("create or replace temp table delivered (system varchar, from_date date)")
    if days:
        connection.executemany("insert into delivered values (?, ?)", days)
    connection.execute(
        """create or replace temp table delivered as
        select system, from_date, lag(from_date) over (partition by system order by from_date) as before_date,
            lead(from_date) over (partition by system order by from_date) as to_date
        from delivered"""
    )
    connection.execute(
        f"""create or replace temp table turn as
        select one, other, on_date from (
            select a.system as one, b.system as other, on_date, sign(date_diff('day', b.from_date, a.from_date)) as now,
                lag(sign(date_diff('day', b.from_date, a.from_date))) over (
                    partition by a.system, b.system order by on_date) as before
            from (select distinct from_date as on_date from delivered) as each_day
            join delivered as a on a.from_date <= on_date and coalesce(a.to_date, {_FOREVER}) > on_date
            join delivered as b on b.from_date <= on_date and coalesce(b.to_date, {_FOREVER}) > on_date
                and a.system <> b.system)
        where now <> before"""
    )


def _held(connection: duckdb.DuckDBPyConnection, entity: str) -> list[Element]:
    """Return the elements with a history of which anybody said anything, ever."""
    kept = version.kept(entity)
    names = [each.id for each in kept]
    filled = blank.filled(connection, f"matching.{entity}_candidate", names)
    filled |= blank.filled(connection, f"standard.{entity}_version", names)
    filled |= frozen.elements(connection, entity) | {each.id for each in collected.elements_said(connection, entity)}
    # the register's number of a household is what membership goes by; of nobody at all one element finds nothing
    return [each for each in kept if each.id in filled or each.id == NUMBER] or list(kept[:1])


def _create_spans(connection: duckdb.DuckDBPyConnection, entity: str, held: Sequence[Element]) -> None:
    """Create temp tables `began(entity_id, began)` and `span`: the contents of records, of entities that moved at all.

    An entity moved where a record of it changed or ended on another day than it came, where its records did not all
    come on one day, where a person froze a value, which stands from that day on, and where systems disagree of which
    one delivered again.
    """
    record, link = f"standard.{entity}_record", f"matching.{entity}_link"
    connection.execute(
        f"""create or replace temp table moved as
        select entity_id from content where not is_sole and (to_date is not null or from_date > first_day)
        union select entity_id from matching.frozen_cell where entity = '{entity}'{collected_history.moved(entity)}
        union select c.entity_id from matching.{entity}_candidate as c
        join (select system, max(from_date) as last_date from delivered where system in ({_AGAIN}) group by system) as d
            on d.system = c.system and c.record_date >= d.last_date
        join governance.conflict as k on k.entity = '{entity}' and k.entity_id = c.entity_id
        where {_is_open_to_turn(held)}"""
    )
    connection.execute(
        f"""create or replace temp table began as
        with stamp as (
            select first_landed, {day("first_landed")} as on_date from (select distinct first_landed from {record})
        ), stirred as (
            select entity_id from moved
            union
            select l.entity_id from {link} as l join {record} as r using (record_id)
            where r.first_landed in (select first_landed from stamp where on_date > (select min(on_date) from stamp))
        ), dated as (
            select l.entity_id, stamp.on_date
            from {link} as l join stirred using (entity_id) join {record} as r using (record_id)
            join stamp using (first_landed)
        )
        select entity_id, min(on_date) as began, row_number() over (order by entity_id) as number
        from dated group by entity_id
        having min(on_date) <> max(on_date) or entity_id in (select entity_id from moved)"""
    )
    connection.execute(
        f"""create or replace temp table span as
        select b.number, v.record_id, v.system, v.from_date, v.to_date, v.updated_date{_of("v", held)}
        from content as v join began as b on b.entity_id = v.entity_id where not v.is_sole
        union all
        select b.number, c.record_id, c.system, {day("r.first_landed")}, null, r.record_updated_date{_of("c", held)}
        from matching.{entity}_candidate as c join began as b on b.entity_id = c.entity_id
        join standard.{entity}_record as r using (record_id)
        where c.record_id not in (select record_id from standard.{entity}_version)
            and not {collected.is_of("c.system", entity)}{collected_history.spans(entity, held)}"""
    )


def _is_open_to_turn(held: Sequence[Element]) -> str:
    """Return SQL: the candidate `c` has a say in the conflict `k`, and no authority decides it."""
    parts = []
    for each in held:
        listed = ", ".join(map(literal, each.survivorship.authoritative))
        decided = f" and k.present_system not in ({listed})" if listed else ""
        parts.append(f"k.element_id = '{each.id}' and c.{each.id} is not null{decided}")
    return " or ".join(parts)


def _of(alias: str, held: Sequence[Element]) -> str:
    return "".join(f", {alias}.{each.id}" for each in held)


def _elements(entity: str, held: Sequence[Element]) -> list[str]:
    """Return the elements whose cells are numbered, each by its place."""
    return [*(each.id for each in held), *([MEMBERSHIP] if entity == "resident" else [])]


def _said(
    connection: duckdb.DuckDBPyConnection, settings: Settings, entity: str, held: Sequence[Element]
) -> Iterator[str]:
    """Yield per element a select of what each contents says of it, and how it ranks, the smallest first.

    A cell is a number, of its entity and its element: much quicker to join and to group than two names. Of cells that
    are steady nothing is yielded.
    """
    places = " ".join(f"when '{each.id}' then {place}" for place, each in enumerate(held))
    yield f"""select cell, value, -1 as authority, false as is_vote, frozen_date as updated_date, record_id,
        cast(null as varchar) as system, frozen_date as from_date, cast(null as date) as to_date,
        cast(null as date) as changed_date, value as same
        from (select f.*, b.number * {_ELEMENTS} + case f.element_id {places} end as cell
            from matching.frozen_cell as f join began as b using (entity_id) where f.entity = '{entity}')
        where cell is not null"""
    told = {each.id: each.id for each in held} | ({MEMBERSHIP: registered()} if entity == "resident" else {})
    unsteady = steady.create_unsteady(connection, entity, told)
    for place, each in enumerate(held):
        if each.id not in unsteady:
            continue
        is_vote = each.survivorship.then != "newest"
        changes = each in seen_change.kept(entity)
        spoken, changed = f"cast(c.{each.id} as varchar)", f"c.{each.id}_changed" if changes else "cast(null as date)"
        same = seen_change.alike(each, spoken) if is_vote else "cast(null as varchar)"  # only votes need it
        contents = f"(select * from span as c where {steady.among(each.id)})"
        yield f"""select c.number * {_ELEMENTS} + {place}, {spoken}, {survivorship.authority(each)},
            {"true" if is_vote else "false"}, c.updated_date, c.record_id, c.system, c.from_date, c.to_date, {changed},
            {same}
            from ({seen_change.select(each, contents) if changes else contents}) as c
            where c.{each.id} is not null"""
    if entity == "resident":
        number, member = f"{literal(REGISTER + '|')} || {NUMBER}", len(held)
        # whom the police do not register now belongs where the others' families place them
        elsewhere = "matching.household_member as m join began as b on b.entity_id = m.resident_id"
        elsewhere += " where m.method <> 'register'"
        yield f"""select number * {_ELEMENTS} + {member}, {keyed(settings, "household", number)}, 0, false,
            updated_date, record_id, system, from_date, to_date, null, null
            from span as c where {registered()} is not null
                and ({steady.among(MEMBERSHIP)} or c.number in (select b.number from {elsewhere}))"""
        yield f"""select b.number * {_ELEMENTS} + {member}, m.household_id, 1, false, b.began, m.resident_id, null,
            b.began, null, null, null from {elsewhere}"""


def _changed(connection: duckdb.DuckDBPyConnection, entity: str, held: Sequence[Element]) -> str:
    """Return the select of the intervals of the cells that are not one value from their entity's first day on."""
    listed = ", ".join(map(literal, _elements(entity, held)))
    won = collected_history.won(connection, entity, _elements(entity, held), _ELEMENTS)
    return f"""with kept as (
            select cell, count(distinct value) + max(case when value is null then 1 else 0 end) as values,
                max(case when from_date = began and to_date is null then 1 else 0 end) = 1 as is_held_throughout,
                max(case when from_date <> began or to_date is not null
                    or updated_date is null and system in ({_AGAIN}) then 1 else 0 end) = 1 as is_stirred
            from said join began on began.number = cell // {_ELEMENTS} group by cell
        ), open_cell as (
            select said.* from said join kept using (cell) where values > 1 and is_stirred or not is_held_throughout
        ), point as (
            select cell, from_date as on_date from open_cell
            union select cell, to_date from open_cell where to_date is not null
            union select s.cell, turn.on_date
            from open_cell as s join open_cell as o using (cell) join turn on turn.one = s.system
                and turn.other = o.system
            where s.updated_date is null and o.updated_date is null and s.value <> o.value
            union select s.cell, d.from_date
            from open_cell as s join open_cell as o using (cell) join delivered as d on d.system = o.system
                and d.from_date >= s.updated_date and coalesce(d.before_date, s.updated_date) <= s.updated_date
            where o.updated_date is null and s.value <> o.value
        ), standing as (
            select point.cell, point.on_date, s.value, s.authority, s.record_id, s.system,
                coalesce(s.updated_date, s.from_date) as said_date,
                coalesce(s.updated_date, greatest(s.from_date, d.from_date)) as record_date,
                case when s.is_vote then count(s.value) filter (where {collected_history.votes(entity)})
                    over (partition by point.cell, point.on_date, s.same) else 0 end as votes, s.changed_date
            from point left join open_cell as s on s.cell = point.cell
                and s.from_date <= point.on_date and coalesce(s.to_date, {_FOREVER}) > point.on_date
            left join delivered as d on d.system = s.system
                and d.from_date <= point.on_date and coalesce(d.to_date, {_FOREVER}) > point.on_date
        ), won as (
            {won}
        ), turned as (
            select cell, on_date, value, lag(value) over (partition by cell order by on_date) as before from won
        ), interval_of as (
            select cell, value, on_date as valid_from,
                lead(on_date) over (partition by cell order by on_date) as valid_to
            from turned where value is distinct from before
        )
        select '{entity}' as entity, began.entity_id, list_extract([{listed}], 1 + i.cell % {_ELEMENTS}) as element_id,
            i.value, i.valid_from, i.valid_to
        from interval_of as i join began on began.number = i.cell // {_ELEMENTS}
        where i.value is not null and not (i.valid_from = began.began and i.valid_to is null)"""
