"""What communities collected, as the history needs it: each value with the days on which it was the last word."""

from collections.abc import Sequence

import duckdb

from jiceng_pipeline.landing.snapshot import day
from jiceng_pipeline.matching import collected
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element


def moved(entity: str) -> str:
    """Return SQL to add to a select of entity ids: those of whom something was collected."""
    return "".join(
        f" union select entity_id from ({collected.targets(contract)})" for contract in collected.sources(entity)
    )


def spans(entity: str, elements: Sequence[Element]) -> str:
    """Return SQL to add to the select of `span`: a row an event, from its day until another took its place."""
    parts = []
    for contract in collected.sources(entity):
        held = register.held(contract.columns.values())
        cells = "".join(
            f", s.{each.id}" if each.id in held else f", cast(null as {each.sql_type})" for each in elements
        )
        parts.append(
            f""" union all
            select b.number, s.record_id, s.system, {day("s.landed")}, {day("t.until")}, s.record_updated_date{cells}
            from standard.{contract.table} as s join ({collected.targets(contract)}) as t on t.record_id = s.record_id
            join began as b on b.entity_id = t.entity_id
            where t.until is null or {day("s.landed")} < {day("t.until")}"""
        )
    return "".join(parts)


def won(connection: duckdb.DuckDBPyConnection, entity: str, elements: list[str], cell_elements: int) -> str:
    """Return the select of what stood: cell, on_date, value, of `standing(cell, on_date, …)`.

    The same choice as for today: first among the systems, then whether what was collected stands instead.
    """
    denied = "coalesce(bool_or(authority < 0 and value is null), false)"  # by a person: nothing stands
    ranked = "row(authority, -coalesce(epoch(changed_date), 0), -votes, -epoch(record_date), record_id)"
    said = collected.elements_said(connection, entity)
    if not said:
        return f"""select cell, on_date, case when not {denied} then arg_min(value, {ranked}) end as value
            from standing group by cell, on_date"""
    is_collected = collected.is_of("coalesce(system, '')", entity)
    places = [elements.index(each.id) for each in said if each.id in elements and each.collection == "wins_if_newer"]
    wins = f"cell % {cell_elements} in ({', '.join(map(str, places))})" if places else "false"
    return f"""select cell, on_date, case
                when is_denied then null
                when held is null then collected
                when collected is not null and {wins} and not is_frozen and collected_date >= held_date then collected
                else held end as value
            from (
                select cell, on_date,
                    arg_min(value, {ranked}) filter (where not {is_collected}) as held,
                    arg_min(said_date, {ranked}) filter (where not {is_collected} and value is not null) as held_date,
                    coalesce(bool_or(authority < 0), false) as is_frozen, {denied} as is_denied,
                    arg_min(value, row(-epoch(record_date), record_id)) filter (where {is_collected}) as collected,
                    max(record_date) filter (where {is_collected}) as collected_date
                from standing group by cell, on_date)"""


def votes(entity: str) -> str:
    """Return SQL: does a say count where the value that most say stands? What was collected does not."""
    return f"not {collected.is_of('coalesce(s.system, {})'.format(literal('')), entity)}"
