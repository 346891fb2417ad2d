"""Entities of one record: their history is what the record has said, one content after the other.

Nobody else speaks of them, so nothing has to be weighed, and when a source delivers every record anew they are many.
All the others are for `history`.
"""

from collections.abc import Iterator, Sequence

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.landing.snapshot import day
from jiceng_pipeline.matching import collected_history
from jiceng_pipeline.matching.as_of import MEMBERSHIP
from jiceng_pipeline.matching.founding import keyed
from jiceng_pipeline.matching.household import REGISTER, registered
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element


def create_content(connection: duckdb.DuckDBPyConnection, entity: str, held: Sequence[Element]) -> None:
    """Create temp table `content`: the contents of records that have had several, with their entity, and `is_sole`.

    `first_day` is that on which the record came, `is_often` says that it has changed more than once. An entity is told
    by `cells` where it has a single record, with contents that follow each other from that day to this, and no word of
    a person or a community; of a resident whom the register has named a household of, where it still does.
    """
    spoken = (
        f"""select entity_id from matching.frozen_cell where entity = '{entity}'{collected_history.moved(entity)}"""
    )
    belongs = ""
    if entity == "resident":
        elsewhere = "select resident_id from matching.household_member where method <> 'register'"
        belongs = f" and (v.system <> {literal(REGISTER)} or l.entity_id not in ({elsewhere}))"
    cells = "".join(f", v.{each.id}" for each in held)
    connection.execute(
        f"""create or replace temp table content as
        with stamp as (
            select first_landed, {day("first_landed")} as on_date
            from (select distinct first_landed from standard.{entity}_record)
        ), chain as (
            select record_id, min(from_date) as began, count(to_date) > 1 as is_often
            from standard.{entity}_version group by record_id
            having count(*) = count(to_date) + 1 and max(to_date) = max(from_date)
                and sum(to_date - from_date) = max(to_date) - min(from_date)  -- it was never away
        ), several as (
            -- by a number, which is quicker: who shares one by chance is weighed like all others, with the same result
            select hash(entity_id) as number from matching.{entity}_link group by number having count(*) > 1
        ), spoken as (
            select entity_id from ({spoken}) where entity_id is not null
        )
        select l.entity_id, stamp.on_date as first_day, v.record_id, v.system, v.from_date, v.to_date, v.updated_date,
            coalesce(h.began = stamp.on_date and hash(l.entity_id) not in (from several)
                and l.entity_id not in (from spoken){belongs}, false) as is_sole,
            coalesce(h.is_often, false) as is_often{cells}
        from standard.{entity}_version as v join matching.{entity}_link as l using (record_id)
        join standard.{entity}_record as r using (record_id) join stamp using (first_landed)
        left join chain as h on h.record_id = v.record_id"""
    )


def cells(
    connection: duckdb.DuckDBPyConnection, settings: Settings, entity: str, held: Sequence[Element]
) -> Iterator[str]:
    """Yield selects of (entity, entity_id, element_id, value, valid_from, valid_to) of the entities of one record."""
    told = {each.id: f"{{}}.{each.id}" for each in held}
    if entity == "resident":
        told[MEMBERSHIP] = registered("{0}.")
    pair = """from (from content where is_sole) as now
        join (from content where is_sole) as before on before.record_id = now.record_id
            and before.to_date = now.from_date"""
    turns = {cell: f"({sql.format('before')}) is distinct from ({sql.format('now')})" for cell, sql in told.items()}
    found = connection.execute(f"select {', '.join(f'bool_or({sql})' for sql in turns.values())} {pair}").fetchall()
    turned = [cell for cell, is_turned in zip(told, found[0], strict=True) if is_turned]
    both = "".join(f", ({told[cell].format(said)}) as {cell}_{said}" for cell in turned for said in ("before", "now"))
    connection.execute(
        f"""create or replace temp table succession as
        select now.entity_id, now.first_day, now.from_date as on_date, now.is_often{both} {pair}"""
    )
    for cell in turned:
        before, now = (
            keyed(settings, "household", f"{literal(REGISTER + '|')} || {said}") if cell == MEMBERSHIP else said
            for said in ("cast(before as varchar)", "cast(now as varchar)")
        )
        yield f"""with turn as (
                select entity_id, first_day, on_date, is_often, {cell}_before as before, {cell}_now as now
                from succession where {cell}_before is distinct from {cell}_now
            ), dated as materialized (
                select *, cast(null as date) as until, true as is_first from turn where not is_often
                union all
                select *, lead(on_date) over each_one, lag(on_date) over each_one is null from turn where is_often
                window each_one as (partition by entity_id order by on_date)
            )
            select '{entity}' as entity, entity_id, '{cell}' as element_id, {before} as value,
                first_day as valid_from, on_date as valid_to
            from dated where is_first and before is not null
            union all
            select '{entity}', entity_id, '{cell}', {now}, on_date, until from dated where now is not null"""
