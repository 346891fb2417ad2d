"""What people read of the history: every cell with its days, and any day as one table.

governance.<entity>_history               every value of every cell that has a history, and when it stood
governance.household_membership_history   the same of which household a resident belonged to
governance.<entity>_as_of(day)            a table macro: one row an entity, as it was that evening
"""

import duckdb

from jiceng_pipeline.landing import version
from jiceng_pipeline.landing.snapshot import day
from jiceng_pipeline.matching.model import matchings
from jiceng_pipeline.standard.register import Element

MEMBERSHIP = "household_id"


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what people read: views and macros, on governance.changed_cell and the golden records."""
    for entity in matchings():
        connection.execute(f"create or replace view governance.{entity}_history as {_every_cell(entity)}")
        connection.execute(f"create or replace macro governance.{entity}_as_of(asked) as table {_as_of(entity)}")
    connection.execute(
        f"""create or replace view governance.household_membership_history as
        select entity_id as resident_id, value as household_id, valid_from, valid_to
        from governance.resident_history where element_id = '{MEMBERSHIP}'"""
    )


def _every_cell(entity: str) -> str:
    """Return the select of the history of every cell: what changed, and what stood from the entity's first day."""
    kept = version.kept(entity)
    listed = [f"{{'element_id': '{each.id}', 'value': cast(g.{each.id} as varchar)}}" for each in kept]
    member = ""
    if entity == "resident":
        listed.append(f"{{'element_id': '{MEMBERSHIP}', 'value': m.household_id}}")
        member = "left join matching.household_member as m on m.resident_id = g.entity_id"
    return f"""select entity_id, element_id, value, valid_from, valid_to
        from governance.changed_cell where entity = '{entity}'
        union all
        select now.entity_id, now.cell.element_id, now.cell.value, began.began, null
        from (
            select g.entity_id, unnest([{", ".join(listed)}]) as cell from matching.{entity}_golden as g {member}
        ) as now
        join (select l.entity_id, {day("min(r.first_landed)")} as began
            from matching.{entity}_link as l join standard.{entity}_record as r using (record_id)
            group by l.entity_id) as began on began.entity_id = now.entity_id
        where now.cell.value is not null and (now.entity_id, now.cell.element_id) not in (
            select entity_id, element_id from governance.changed_cell where entity = '{entity}')"""


def _as_of(entity: str) -> str:
    """Return the select of the entities as of the end of the day `asked`, one row each."""
    cells = ", ".join(_cell(each) for each in version.kept(entity))
    if entity == "resident":
        cells = f"max(value) filter (where element_id = '{MEMBERSHIP}') as {MEMBERSHIP}, {cells}"
    return f"""select entity_id as {entity}_id, {cells}
        from governance.{entity}_history
        where valid_from <= asked and (valid_to is null or valid_to > asked)
        group by entity_id order by entity_id"""


def _cell(each: Element) -> str:
    return f"cast(max(value) filter (where element_id = '{each.id}') as {each.sql_type}) as {each.id}"
