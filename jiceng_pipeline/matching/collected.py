"""What communities collected beside what systems hold: which value stands, which only proposes.

A collected value follows the record it was said of, whatever that has merged into. Of an element that declares
`wins_if_newer` it stands where it is not older than what stood: than the day a system changed its record, else
than the day on which the system first said what it says now. Of one that declares `proposes` it stands only
where no system holds a value; else the cell keeps its value, is in doubt (存疑), and its owner is asked.
A number that makes an entity is never given to a second one: it only proposes, and a person is asked (see `review`).
"""

from collections.abc import Iterator

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract, collected
from jiceng_pipeline.landing.snapshot import day
from jiceng_pipeline.matching.model import Matching, matchings
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element
from jiceng_pipeline.warehouse.table import Table

RULE = "collected"


def sources(entity: str) -> tuple[Contract, ...]:
    """Return the contracts by which communities collect of one kind of entity."""
    return tuple(contract for contract in collected().values() if contract.entity == entity)


def is_of(system: str, entity: str) -> str:
    """Return SQL: the value in column `system` was collected."""
    names = ", ".join(literal(contract.name) for contract in sources(entity))
    return f"{system} in ({names})" if names else "false"


def tables_read(entity: str) -> frozenset[str]:
    """Return the tables of what was collected."""
    return frozenset(f"standard.{contract.table}" for contract in sources(entity))


def candidates(matching: Matching, elements: tuple[Element, ...]) -> Iterator[str]:
    """Yield selects of the cells collected of somebody known, in the shape of matching.<entity>_candidate.

    They need temp table `number_taken`: a number that is another's is left out.
    """
    link = f"matching.{matching.entity}_link"
    for contract in sources(matching.entity):
        held = register.held(contract.columns.values())
        cells = ", ".join(
            f"cast(null as {each.sql_type}) as {each.id}"
            if each.id not in held
            else f"case when s.{each.id} not in (from temp.number_taken) then s.{each.id} end as {each.id}"
            if each.id == matching.identifier
            else f"s.{each.id}"
            for each in elements
        )
        yield f"""select t.entity_id, s.record_id, s.system, s.record_updated_date as record_date, {cells}
            from standard.{contract.table} as s join ({targets(contract)}) as t on t.record_id = s.record_id
            where s.is_current and not t.founds and exists (
                select 1 from {link} as k where k.entity_id = t.entity_id and k.is_current)"""


def targets(contract: Contract) -> str:
    """Return the select of whom each event is about now: record_id, entity_id, and the event's own columns."""
    link = f"matching.{contract.entity}_link"
    return f"""select l.* replace (coalesce(k.entity_id, l.entity_id) as entity_id)
        from landing.{contract.table} as l left join {link} as k on k.record_id = l.of_record_id"""


def create_taken(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create temp table `number_taken(number)`: what was collected as the number of more entities than one."""
    connection.execute(
        f"""create or replace temp table number_taken as
        select distinct number from ({of_others(connection, matching)})"""
    )


def of_others(connection: duckdb.DuckDBPyConnection, matching: Matching) -> str:
    """Return a select of (number, entity_id, other_id): of whom it was collected, and another who has it."""
    entity, number = matching.entity, matching.identifier
    if number not in {each.id for each in elements_said(connection, entity)}:
        return "select null::varchar as number, null::varchar as entity_id, null::varchar as other_id where false"
    told = " union all ".join(
        f"""select s.{number} as number, t.entity_id
            from standard.{contract.table} as s join ({targets(contract)}) as t on t.record_id = s.record_id
            where s.is_current and s.{number} is not null"""
        for contract in sources(entity)
    )
    return f"""with told as ({told}), bearer as (
            select r.{number} as number, l.entity_id
            from standard.{entity}_record as r semi join told on told.number = r.{number}
            join matching.{entity}_link as l on l.record_id = r.record_id and l.is_current
            where r.record_id not in (select record_id from matching.{entity}_borrowed)
            union all from told
        )
        select distinct told.number, told.entity_id, bearer.entity_id as other_id
        from told join bearer on bearer.number = told.number and bearer.entity_id <> told.entity_id"""


def elements_said(connection: duckdb.DuckDBPyConnection, entity: str) -> list[Element]:
    """Return the elements of which this build has a collected value."""
    found: set[str] = set()
    for contract in sources(entity):
        found |= {
            name
            for (name,) in connection.execute(
                f"select distinct element_id from landing.{contract.table} where is_current"
            ).fetchall()
        }
    return [each for each in register.elements_of(entity) if each.id in found and each.collection]


def create_standing(connection: duckdb.DuckDBPyConnection, entity: str, won: str, said: list[Element]) -> None:
    """Create temp table `collected_standing(entity_id, <element> …)`: the collected record where it stands.

    `won` names a table of the systems' own winners, one row an entity.
    """
    parts = []
    for each in said:
        wins = "true" if each.collection == "wins_if_newer" else "false"
        parts.append(
            f"""select c.entity_id, {literal(each.id)} as element_id, c.record_id
            from (select entity_id, record_id, record_date from matching.{entity}_candidate
                where {each.id} is not null and {is_of("system", entity)}
                qualify row_number() over (partition by entity_id order by record_date desc, record_id) = 1) as c
            join {won} as w on w.entity_id = c.entity_id
            left join standard.{entity}_record as r on r.record_id = w.{each.id}
            left join standard.{entity}_version as v on v.record_id = w.{each.id} and v.to_date is null
            where w.{each.id} is null
                or {wins} and c.record_date >= {said_date("r", "v")}"""
        )
    columns = ", ".join(f"max(record_id) filter (where element_id = {literal(each.id)}) as {each.id}" for each in said)
    connection.execute(
        f"""create or replace temp table collected_standing as
        select entity_id, {columns} from ({" union all ".join(parts)}) group by entity_id"""
    )


def said_date(record: str, version: str) -> str:
    """Return SQL: since when a system says what it says, by its own date, else by when it was first pulled."""
    return f"coalesce({record}.record_updated_date, {version}.from_date, {day(f'{record}.first_landed')})"


def table() -> Table:
    """Return the table of what was collected and what became of it."""
    read = {f"matching.{entity}_{part}" for entity in matchings() for part in ("candidate", "winner", "golden", "link")}
    for entity in matchings():
        read |= tables_read(entity)
    return Table(
        "governance",
        "collected_cell",
        "社区采集的值",
        "社区采集或核实过的每一格：值、日期、来自哪张表，现在取的是它、与它相同、还是另有取值在核实",
        frozenset(read),
        build,
    )


def build(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
    """Create `governance.collected_cell`, one row a cell of which a community said something, its last word.

    `state`: `stands`, `agrees` (a system's value stands and is the same), `older` (something newer stands) or
    `proposed` (another value stands, its owner is asked). `system` and `record_id` are whose value stands,
    null where a person froze it.
    """
    connection.execute(
        """create or replace table governance.collected_cell (
        entity varchar, entity_id varchar, element_id varchar, value varchar, collected_date date, kind varchar,
        community_code varchar, source varchar, intake_record_id varchar, state varchar, system varchar,
        record_id varchar)"""
    )
    parts = [part for matching in matchings().values() for part in _cells(connection, matching)]
    if parts:
        connection.execute(
            f"""insert into governance.collected_cell select * from ({" union all ".join(parts)})
            order by entity, entity_id, element_id"""
        )


def _cells(connection: duckdb.DuckDBPyConnection, matching: Matching) -> Iterator[str]:
    entity = matching.entity
    told = " union all ".join(f"select * from ({targets(contract)})" for contract in sources(entity))
    for each in elements_said(connection, entity):
        text = f"cast(s.{each.id} as varchar)"
        otherwise = "proposed" if each.collection == "proposes" else "older"
        spoken = " union all ".join(
            f"select record_id, {each.id} from standard.{contract.table}"
            for contract in sources(entity)
            if each.id in contract.columns.values()
        )
        yield f"""select '{entity}' as entity, c.entity_id, '{each.id}' as element_id, {text} as value,
                c.collected_date, c.kind, c.community_code, c.source, c.record_id,
                case when w.{each.id} = c.record_id or {is_of("p.system", entity)} and s.{each.id} = g.{each.id}
                    then 'stands' when s.{each.id} = g.{each.id} then 'agrees' else '{otherwise}' end as state,
                p.system, p.record_id
            from ({told}) as c join ({spoken}) as s on s.record_id = c.record_id
            join matching.{entity}_winner as w on w.entity_id = c.entity_id
            join matching.{entity}_golden as g on g.entity_id = c.entity_id
            left join matching.{entity}_candidate as p on p.record_id = w.{each.id}
            where c.is_current and c.element_id = '{each.id}' and s.{each.id} is not null
            qualify row_number() over (partition by c.entity_id order by c.collected_date desc, c.record_id) = 1"""
