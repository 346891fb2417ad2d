"""应享事项 (entitlements): `governance.entitlement`, who may have an item, and whether a register shows that they do.

Of items whose `holds` says what having it looks like; the others no register tells of. It is the ground for 免申即享
and 政策找人: it finds people to go to, decides nothing, and takes nothing away.
"""

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.services.catalogue import items
from jiceng_pipeline.services.item import Item
from jiceng_pipeline.standard import subject
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.table import Table


def table() -> Table:
    """Return the table of the build."""
    return Table(
        "governance",
        "entitlement",
        "应享事项",
        "按公布的条件，每名在世人员符合哪些事项，登记里是否已经办了",
        frozenset({"governance.resident", "governance.household", "standard.business_day"}),
        build,
    )


def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `governance.entitlement(resident_id, service_item_code, service_item_title, is_item_held)`."""
    (day,) = connection.execute("select business_date from standard.business_day").fetchall()[0]
    told = [each for each in items(settings, day).values() if each.holds]
    nobody = """select cast(null as varchar) as resident_id, cast(null as varchar) as service_item_code,
        cast(null as varchar) as service_item_title, false as is_item_held where false"""
    connection.execute(
        f"""create or replace table governance.entitlement as
        {" union all ".join([nobody, *map(_of, told)])} order by service_item_code, resident_id"""
    )


def _of(item: Item) -> str:
    return f"""select resident.resident_id, {literal(item.code)}, {literal(item.name)},
            coalesce({item.sql(item.holds)}, false)
        from {subject.resident(item.condition, item.holds)}
        where resident.death_date is null and (({item.sql(item.condition)}) or ({item.sql(item.holds)}))"""
