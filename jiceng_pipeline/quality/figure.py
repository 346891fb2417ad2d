"""Figures of what each system holds: rows, shares of nulls, of invalid cells and of each code.

`quality.figure` has one row a figure of this build; `figure` names it without a value of any person: `rows`,
`unreadable`, an element (`phone`), an invalid element (`phone=invalid`), or an element and code (`sex_code=1`).
"""

from collections.abc import Iterator

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract, contracts
from jiceng_pipeline.quality import tables
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.table import Table

DIGITS = 4  # of a share

_OF_QUARANTINE = f"""insert into quality.figure
select f.system, 'unreadable', 'unreadable', null, null,
    round(coalesce(q.bad, 0) / (f.row_count + coalesce(q.bad, 0)), {DIGITS}), f.row_count + coalesce(q.bad, 0)
from quality.figure as f
left join (select system, count(*) as bad from standard.quarantine where level = 'row' group by system) as q
    on q.system = f.system
where f.measure = 'rows' and f.row_count + coalesce(q.bad, 0) > 0
union all
select f.system, 'invalid', f.element_id || '=invalid', f.element_id, null,
    round(coalesce(q.cells, 0) / f.row_count, {DIGITS}), f.row_count
from quality.figure as f
left join (
    select system, element_id, count(*) as cells from standard.quarantine where level = 'cell' group by all) as q
    on q.system = f.system and q.element_id = f.element_id
where f.measure = 'nulls'
order by all"""


def table() -> Table:
    """Return the table of the build."""
    return Table(
        "quality",
        "figure",
        "数据量和分布",
        "每个系统有多少行、每个数据元空了多少、各代码各占多少，供与以往比较",
        frozenset({f"standard.{contract.table}" for contract in contracts().values()} | {"standard.quarantine"}),
        build,
    )


def build(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
    """Write quality.figure(system, measure, figure, element_id, code, value, row_count)."""
    known = tables.existing(connection)
    connection.execute(
        """create or replace table quality.figure (system varchar, measure varchar, figure varchar,
        element_id varchar, code varchar, value double, row_count bigint)"""
    )
    for contract in contracts().values():
        if f"standard.{contract.table}" in known:
            for select in _selects(contract):
                connection.execute(f"insert into quality.figure {select}")
    connection.execute(_OF_QUARANTINE)


def _selects(contract: Contract) -> Iterator[str]:
    source = f"standard.{contract.table} as s where s.is_current"
    system, elements = literal(contract.name), tuple(contract.elements.values())
    counted = ", ".join(["count(*) as held", *(f"count({each.id}) as {each.id}" for each in elements)])
    pairs = ", ".join(f"{{'element_id': {literal(each.id)}, 'filled': {each.id}}}" for each in elements)
    yield f"select {system}, 'rows', 'rows', null, null, count(*), count(*) from {source}"
    yield f"""select {system}, 'nulls', each.element_id, each.element_id, null,
        round(1 - each.filled / held, {DIGITS}), held
        from (select held, unnest([{pairs}]) as each from (select {counted} from {source}))
        where held > 0 order by all"""
    for code in (each.id for each in elements if each.code_set):
        yield f"""select {system}, 'codes', {literal(code + "=")} || {code}, {literal(code)}, {code},
            round(count(*) / sum(count(*)) over (), {DIGITS}), cast(sum(count(*)) over () as bigint)
            from {source} and {code} is not null group by {code} order by {code}"""
