"""现取值 (golden records): the values that stand, one row an entity, and how many systems speak of it."""

import duckdb

from jiceng_pipeline.matching import collected, frozen, holders, household, sole
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.matching.survivorship import elements
from jiceng_pipeline.standard.register import Element
from jiceng_pipeline.warehouse import blank


def create_golden(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `matching.<entity>_golden`: one row an entity with the winning values, and how many say so.

    It is a view: what is written is `matching.<entity>_chosen`, the same of whom there is more than one record.
    """
    entity = matching.entity
    every = elements(entity)
    held = sole.held(connection, entity)
    said = collected.elements_said(connection, entity)
    disputed = sole.disputed(connection, entity)
    is_said = collected.is_of("c.system", entity)
    places = "".join(f", w.{each.id} as {each.id}_place" for each in every if each.id in held)
    rows = f"""(select c.*, list_position(w.records, c.record_id) as place{places}
        from matching.{entity}_candidate as c join matching.{entity}_standing as w on w.entity_id = c.entity_id) as c"""

    def of_one(each: Element) -> str:
        return f"c.{each.id}" if each in said else f"case when not {is_said} then c.{each.id} end"

    parts = []
    for number, holding in enumerate(
        holders.holdings(connection, entity, [e for e in every if e.id in held], disputed)
    ):
        parts.append((f"gold_{number}", holding))
        alone = f"(from matching.{entity}_candidate as c where {disputed}) as c"
        holders.gather(connection, f"gold_{number}", holding, rows, alone, of_one, _winning)
    counted = "count(*)"
    if said:  # what a community collected of somebody is one record
        counted = f"count(*) filter (where not {is_said}) + cast(bool_or({is_said}) as integer)"
    connection.execute(
        f"create or replace temp table spoken as {holders.speakers(connection, entity, counted, disputed)}"
    )
    more = ("record_count", "system_count", "source_systems", "source_date", *household.named(entity))
    won = holders.assembled(every, parts, "temp.spoken", of_none=None, more=more)
    by_word = frozen.elements(connection, entity)
    if by_word:
        words = {each.id: f"try_cast(value as {each.sql_type})" for each in every if each.id in by_word}
        cells = frozen.overruled(every, words, lambda each: f"z.{each}")
        won = f"""select w.entity_id, {cells}, {", ".join(f"w.{each}" for each in more)}
            from ({won}) as w left join ({frozen.pivoted(entity, words)}) as z using (entity_id)"""
    filled = {"entity_id", *more, *by_word, *(each.id for _, holding in parts for each in holding.elements)}
    blank.create(connection, f"matching.{entity}_chosen", won, filled, order="entity_id")
    sole.create_golden(connection, entity, every)
    for name in ("spoken", *(name for name, _ in parts)):
        connection.execute(f"drop table temp.{name}")


def _winning(each: Element) -> str:
    return f"max(case when c.place = c.{each.id}_place then c.{each.id} end)"
