"""过期 (stale): values older than their element's freshness; they stay where they are and are marked."""

from collections.abc import Iterator
from datetime import timedelta

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import collected, sole
from jiceng_pipeline.matching.model import matchings
from jiceng_pipeline.matching.survivorship import elements
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import blank
from jiceng_pipeline.warehouse.table import Table


def table() -> Table:
    """Return the table of the build."""
    read = {f"matching.{entity}_{part}" for entity in matchings() for part in ("candidate", "winner")}
    return Table(
        "governance",
        "stale_cell",
        "过期的值",
        "现取值超过了数据元登记的有效天数，照常显示，凡显示处标明已过期",
        frozenset(read | {"standard.business_day", "landing.outcome", "governance.collected_cell"}),
        build,
    )


def build(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
    """Create `governance.stale_cell(entity, entity_id, element_id, system, source_date, days_over)`.

    `source_date` is the day from which the element's freshness counts: when the winning record was last
    changed or, of an element that is fresh while its system delivers, when that was last pulled, or when a
    community found it right. `days_over` counts the days since it stopped being fresh.
    """
    every = " union all ".join([_NOTHING, *(each for entity in matchings() for each in _selects(connection, entity))])
    connection.execute(
        f"""create or replace table governance.stale_cell as
        select s.* replace (greatest(s.source_date, c.collected_date) as source_date,
            s.days_over - greatest(date_diff('day', s.source_date, c.collected_date), 0) as days_over)
        from ({every}) as s left join (
            select * from governance.collected_cell where state = 'agrees') as c using (entity, entity_id, element_id)
        where c.collected_date is null
            or s.days_over > date_diff('day', s.source_date, c.collected_date)
        order by s.entity, s.entity_id, s.element_id"""
    )


_NOTHING = """select cast(null as varchar) as entity, cast(null as varchar) as entity_id,
    cast(null as varchar) as element_id, cast(null as varchar) as system, cast(null as date) as source_date,
    cast(null as bigint) as days_over where false"""
_DELIVERED = """select system, case when status in ('landed', 'unchanged')
    then cast(strptime(substr(started, 1, 19), '%Y-%m-%dT%H:%M:%S') + interval 8 hour as date)
    else snapshot_date end as delivered_date
    from landing.outcome"""


def _selects(connection: duckdb.DuckDBPyConnection, entity: str) -> Iterator[str]:
    """Yield a select of the stale cells per freshness and what it counts from."""
    (today,) = connection.execute("select business_date from standard.business_day").fetchall()[0]
    delivered = connection.execute(f"select system, delivered_date from ({_DELIVERED}) order by all").fetchall()
    fresh_for = [each for each in elements(entity) if each.freshness_days is not None]
    held = blank.filled(connection, f"matching.{entity}_candidate", [each.id for each in fresh_for])
    alike: dict[tuple[str, int], list[str]] = {}
    for each in fresh_for:
        if each.freshness_days is not None and each.id in held:
            alike.setdefault((each.fresh_by, each.freshness_days), []).append(each.id)
    for (by, days), names in sorted(alike.items()):
        limit = today - timedelta(days)  # a constant leaves out at once who is fresh, which is nearly everybody
        is_said = f"{collected.is_of('c.system', entity)} and c.record_date < date '{limit}'"
        late = [literal(system) for system, day in delivered if day is not None and day < limit]
        counted, is_over = "c.record_date", f"c.record_date < date '{limit}'"
        if by != "change":
            counted = f"case when {collected.is_of('c.system', entity)} then c.record_date else d.delivered_date end"
            is_over = f"({is_said}" + (f" or c.system in ({', '.join(late)}))" if late else ")")
        cells = ", ".join(f"{{'element_id': '{name}', 'is_winner': c.{name}}}" for name in names)
        yield f"""select '{entity}' as entity, entity_id, cell.element_id, system, source_date, days_over
            from (
                select c.entity_id, c.system, {counted} as source_date, unnest([{cells}]) as cell,
                    date_diff('day', {counted}, date '{today}') - {days} as days_over
                from ({sole.stands(connection, entity, names)}) as c
                join ({_DELIVERED}) as d on d.system = c.system
                where {is_over} and {counted} < date '{limit}')
            where cell.is_winner"""
