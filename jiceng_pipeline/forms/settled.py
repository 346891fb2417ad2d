"""What communities have just found out is not asked again because systems have not heard of it yet."""

import duckdb

from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import has_table


def left_out(connection: duckdb.DuckDBPyConnection, entity: str) -> str:
    """Return SQL to put after a sub-query of (entity_id, element_id, …): it leaves such cells out.

    A version that was made before communities collected anything has no table of it: nothing is left out.
    """
    if not has_table(connection, "governance.collected_cell"):
        return ""
    return f""" as said where not exists (
            select 1 from governance.collected_cell as c where c.entity = {literal(entity)}
                and c.entity_id = said.entity_id and c.element_id = said.element_id
                and c.state in ('stands', 'agrees'))"""
