"""取值不一 (conflict): the cells about which systems disagree, with what stands and what the others say."""

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import disagreement, frozen, holders, sole
from jiceng_pipeline.matching.model import Matching, matchings
from jiceng_pipeline.matching.survivorship import elements, proof, rule
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element
from jiceng_pipeline.warehouse.table import Table

_HARM = ("high", "medium", "low")


def table() -> Table:
    """Return the table of the build."""
    parts = {f"matching.{entity}_{part}" for entity in matchings() for part in ("candidate", "winner", "golden")}
    return Table(
        "governance",
        "conflict",
        "取值不一",
        "各部门对同一格说法不同之处，现取值和其他取值并列；错了最要紧的、说法不同的部门最多的在前，并非真的不一的（写法、详略不同等）在后",
        frozenset(parts | {"matching.frozen_cell", "standard.name_reading"}),
        build,
        is_one_transaction=False,
    )


def build(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
    """Create `governance.conflict`, a row a cell: what stands, by which rule, and what the others say.

    `other_date` is the latest of theirs, `other_count` how many systems they are, `harm` that of the element, 1 the
    worst. `kind` is what the others are to what stands: see `disagreement`.
    """
    connection.execute(
        """create or replace temp table disagreeing (
        entity varchar, entity_id varchar, element_id varchar, present_value varchar, present_system varchar,
        present_date date, other_values varchar, other_systems varchar, other_date date, rule varchar, harm integer,
        other_count bigint, kind varchar)"""
    )
    for matching in matchings().values():
        _insert(connection, matching)
    connection.execute(
        f"""create or replace table governance.conflict as from temp.disagreeing
        order by kind <> {literal(disagreement.DIFFERS)}, harm, other_count desc, entity, entity_id, element_id;
        drop table temp.disagreeing"""
    )


def _insert(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Insert into `disagreeing` a row for each cell of a kind of entity about which its systems disagree."""
    every = elements(matching.entity)
    stands = sole.held(connection, matching.entity)
    disputed = sole.disputed(connection, matching.entity)
    held = holders.holdings(connection, matching.entity, [each for each in every if each.id in stands], disputed)
    if held:
        _create_known(connection, matching, disputed)
        for holding in held:
            _create_dissent(connection, matching, holding, disputed)
            # one element after the other: seventy of them in one statement want a gigabyte even of a village
            for each in _disagreed(connection, holding):
                connection.execute(f"insert into temp.disagreeing by name {_select(matching, each)}")
        connection.execute("drop table temp.known; drop table temp.dissent")


def _create_known(connection: duckdb.DuckDBPyConnection, matching: Matching, disputed: str) -> None:
    """Create temp table `known(number, stood, first_row, records)`: by rows, all that is known of the disputed.

    `number` is that of what is chosen, `stood` that of what is standing, the first that of their first candidate: these
    are in order of entity and record, so it tells each other.
    """
    entity = matching.entity
    connection.execute(
        f"""create or replace temp table known as
        with spoken as (
            select c.entity_id, min(c.rowid) as first_row, count(*) as records
            from matching.{entity}_candidate as c where {disputed} group by c.entity_id
        )
        select g.rowid as number, w.rowid as stood, s.first_row, s.records
        from matching.{entity}_chosen as g join matching.{entity}_standing as w on w.entity_id = g.entity_id
        join spoken as s on s.entity_id = g.entity_id"""
    )


def _create_dissent(
    connection: duckdb.DuckDBPyConnection, matching: Matching, holding: holders.Holding, disputed: str
) -> None:
    """Create temp table `dissent` of the candidates that say anything else than what stands, and only that.

    Few do, and each element is then looked at among them alone. `number` is the row of what stands. Beside a cell
    that may say the same otherwise is the value that stands.
    """
    entity = matching.entity
    differs = {each.id: f"c.{each.id} <> g.{each.id}" for each in holding.elements}
    cells = "".join(f", case when {sql} then c.{name} end as {name}" for name, sql in differs.items())
    near = [each.id for each in holding.elements if disagreement.may_be_near(each)]
    cells += "".join(f", case when {differs[name]} then g.{name} end as {name}_stands" for name in near)
    connection.execute(
        f"""create or replace temp table dissent as select g.rowid as number, c.system, c.record_date{cells}
        from matching.{entity}_candidate as c join matching.{entity}_chosen as g on g.entity_id = c.entity_id
        where {disputed} and {holding.has("c.system")} and ({" or ".join(differs.values())})"""
    )


def _disagreed(connection: duckdb.DuckDBPyConnection, holding: holders.Holding) -> list[Element]:
    """Return the elements of `dissent` about which there is any."""
    counts = ", ".join(f"count({each.id})" for each in holding.elements)
    said = connection.execute(f"select {counts} from temp.dissent").fetchall()[0]
    return [each for each, is_any in zip(holding.elements, said, strict=True) if is_any]


def _select(matching: Matching, each: Element) -> str:
    """Return a select of the entities about whose element the systems disagree."""
    entity, proved = matching.entity, proof(each, "p")
    is_proved = f", coalesce({proved}, false) as is_proved" if proved else ""
    stood = rule(each, entity, "c.is_proved" if proved else None)
    stands = f", cast({each.id}_stands as varchar) as stands" if disagreement.may_be_near(each) else ""
    # nearly always there are one or two others: lists of what is distinct are made of the rest alone
    return f"""with different as (
            select number, cast({each.id} as varchar) as value, system, record_date{stands}
            from temp.dissent where {each.id} is not null
        ), said as ({disagreement.compared(each, "different")}), other as (
            select number, min(value) as least, max(value) as most, min(system) as first, max(system) as last,
                max(record_date) as other_date, count(*) as records,
                min(system) filter (where relation is null) as first_apart,
                max(system) filter (where relation is null) as last_apart,
                coalesce(bool_or(relation = 'coarser'), false) as is_coarser
            from said group by number
        ), several as (
            select number, string_agg(distinct value, '；' order by value) as every_value,
                string_agg(distinct system, ',' order by system) as systems, count(distinct system) as system_count
            from said semi join (
                select number from other where records > 2 and (least <> most or first <> last)) using (number)
            group by number
        )
        select '{entity}' as entity, c.entity_id, '{each.id}' as element_id, c.present_value,
            coalesce(c.system, {literal(frozen.SYSTEM)}) as present_system, c.present_date, c.other_values,
            c.other_systems, c.other_date,
            case when c.system is null then {literal(frozen.RULE)} else {stood} end as rule,
            {_HARM.index(each.harm) + 1} as harm, c.other_count, {disagreement.kind(each)} as kind
        from (
            select g.entity_id, cast(g.{each.id} as varchar) as present_value, p.system,
                p.record_date as present_date{is_proved}, o.other_date,
                coalesce(s.every_value, {_both("o.least", "o.most", "；")}) as other_values,
                coalesce(s.systems, {_both("o.first", "o.last", ",")}) as other_systems,
                coalesce(s.system_count, case when o.first = o.last then 1 else 2 end) as other_count,
                o.first_apart, o.last_apart, o.is_coarser
            from other as o left join several as s using (number) join temp.known as k on k.number = o.number
            join matching.{entity}_chosen as g on g.rowid = o.number
            join matching.{entity}_standing as w on w.rowid = k.stood
            left join matching.{entity}_candidate as p on p.rowid = {_row(each)}) as c"""


def _row(each: Element) -> str:
    """Return SQL: the row of the candidate whose value stands; a person's word comes after the records, and is none."""
    return f"case when w.{each.id} <= k.records then k.first_row + w.{each.id} - 1 end"


def _both(one: str, other: str, between: str) -> str:
    return f"case when {one} = {other} then {one} else {one} || {literal(between)} || {other} end"
