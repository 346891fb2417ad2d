"""Drift: this delivery's figures beside what the system usually sends.

What is usual is the median over the last deliveries before this one, each counted once however many syncs it
lasted, so that a sync in which nothing new came neither adds to it nor moves it; the spread is the median
absolute deviation, scaled to a standard deviation. What deviates too far is for the rules to say.
"""

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.bound import bound
from jiceng_pipeline.ledger.kinds.inspection import Figures
from jiceng_pipeline.quality import history
from jiceng_pipeline.quality.history import History
from jiceng_pipeline.warehouse.table import Table

DELIVERIES = 14
_TO_DEVIATION = 1.4826

_SCHEMA = pa.schema(
    [
        ("system", pa.string()),
        ("delivery", pa.int64()),
        ("measure", pa.string()),
        ("figure", pa.string()),
        ("element_id", pa.string()),
        ("value", pa.float64()),
    ]
)

# A code that a delivery does not have has share 0 there, as long as the element was measured at all.
_BUILD = f"""create or replace table quality.drift as
with deliveries as (
    select distinct system, delivery, element_id from past where measure = 'nulls'
),
wanted as (
    select system, measure, figure, element_id from past
    union
    select system, measure, figure, element_id from quality.figure
),
known as (
    select wanted.system, wanted.measure, wanted.figure, past.value
    from wanted join past using (system, measure, figure)
    union all
    select wanted.system, wanted.measure, wanted.figure, 0
    from wanted join deliveries using (system, element_id)
    left join past on past.system = wanted.system and past.delivery = deliveries.delivery
        and past.figure = wanted.figure and past.measure = wanted.measure
    where wanted.measure = 'codes' and past.value is null
),
usual as (
    select system, measure, figure, median(value) as usual, count(*) as deliveries
    from known group by system, measure, figure
),
spread as (
    select system, measure, figure, usual, deliveries, median(abs(value - usual)) * {_TO_DEVIATION} as spread
    from known join usual using (system, measure, figure) group by all
),
held as (
    select system, element_id, max(row_count) as row_count from quality.figure
    where measure in ('rows', 'codes') group by system, element_id
)
select wanted.system, wanted.measure, wanted.figure, wanted.element_id,
    coalesce(figure.value, 0) as value, coalesce(figure.row_count, held.row_count, 0) as row_count,
    coalesce(spread.usual, 0) as usual, coalesce(spread.spread, 0) as spread,
    coalesce(spread.deliveries, 0) as deliveries
from wanted
left join quality.figure as figure
    on figure.system = wanted.system and figure.measure = wanted.measure and figure.figure = wanted.figure
left join spread on spread.system = wanted.system and spread.measure = wanted.measure and spread.figure = wanted.figure
left join held on held.system = wanted.system and held.element_id = wanted.element_id
where figure.value is not null or (wanted.measure = 'codes' and held.row_count > 0)
order by all"""


def table() -> Table:
    """Return the table of the build."""
    return Table(
        "quality",
        "drift",
        "与以往的差别",
        "每个系统这次的数据量和分布，与最近十四次送来的相比",
        frozenset({"quality.figure", "landing.outcome"}),
        build,
    )


def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write quality.drift: value beside usual, spread and the number of deliveries they come from."""
    known = history.read(settings, clock.business_date(settings), bound(connection))
    present = dict(connection.execute("select system, snapshot from landing.outcome").fetchall())
    rows = [row for system in sorted(present) for row in _past(known, system, present[system])]
    connection.register("past", pa.Table.from_pylist(rows, schema=_SCHEMA))
    try:
        connection.execute(_BUILD)
    finally:
        connection.unregister("past")


def _past(known: History, system: str, present: str | None) -> Iterator[dict[str, object]]:
    """Yield the figures of the system's last deliveries but the present one, a row a figure."""
    deliveries: dict[str, Figures] = {}
    for entry in known.inspections:
        told = entry.body.systems.get(system)
        if told and told.snapshot and told.rows and told.snapshot != present:
            deliveries.pop(told.snapshot, None)
            deliveries[told.snapshot] = told
    for number, (_, told) in enumerate(sorted(deliveries.items())[-DELIVERIES:]):
        for measure, figure, element_id, value in values(told):
            yield {
                "system": system,
                "delivery": number,
                "measure": measure,
                "figure": figure,
                "element_id": element_id,
                "value": value,
            }


def values(told: Figures) -> Iterator[tuple[str, str, str | None, float]]:
    """Yield (measure, figure, element_id, value) as quality.figure has them, of one system's figures."""
    yield "rows", "rows", None, told.rows
    yield "unreadable", "unreadable", None, told.rows_quarantined / (told.rows + told.rows_quarantined)
    yield from (("nulls", element, element, share) for element, share in told.nulls.items())
    yield from (("invalid", f"{element}=invalid", element, told.invalid.get(element, 0.0)) for element in told.nulls)
    for element, codes in told.codes.items():
        yield from (("codes", f"{element}={code}", element, share) for code, share in codes.items())
