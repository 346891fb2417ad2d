"""Four levels (市县乡村四级): every indicator at every division, a parent being the sum of its children.

What no community is known for is counted, never dropped: it stands in a bucket of its own (未落图) below the lowest
division that is known, so that the children of every division add up to it exactly. A bucket's code is that of its
parent with an X at the end: whoever may read a division by the beginning of its code reads its bucket as well.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange.indicators import SCHEMA, Indicator, indicators
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.table import Build, Table

UNPLACED: Final = "unplaced"
LEVELS: Mapping[str, str] = {
    "city": "市", "county": "县（市、区）", "township": "乡镇（街道）", "village": "村（社区）", UNPLACED: "未落图",
}  # fmt: skip
DIVISION = f"{SCHEMA}.division"
VALUE = f"{SCHEMA}.value"
ADDITIVITY = f"{SCHEMA}.additivity"


def tables(folder: Path) -> tuple[Table, ...]:
    """Return the tables of the schema: the divisions with their buckets, the values, and whether they add up."""
    known = indicators(folder)
    sources = frozenset(name for each in known.values() for name in each.depends)
    return (
        Table(
            SCHEMA, "division", "四级区划和未落图", "市、县、乡、村四级，每一级另有一个未落图的格子",
            frozenset({"standard.division"}), _division,
        ),
        Table(
            SCHEMA, "value", "指标值", "每个指标在市、县、乡、村四级的值；上级等于下级与未落图之和",
            frozenset({DIVISION, *sources}), _value(known),
        ),
        Table(
            SCHEMA, "additivity", "指标四级相加", "每个指标每一级：与下级之和、与分组之和、与所属指标各差几格",
            frozenset({VALUE}), _additivity(known),
        ),
    )  # fmt: skip


def _division(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
    """Create `indicators.division(code, name, level, parent_code)`: cities at the top, a bucket in each parent."""
    connection.execute(
        f"""create or replace table {DIVISION} as
        with placed as (
            select code, name, level, case when level <> 'city' then parent_code end as parent_code
            from standard.division where level in ('city', 'county', 'township', 'village')
        )
        select * from placed
        union all
        select {bucket("code")}, {literal(LEVELS[UNPLACED])}, {literal(UNPLACED)}, code
        from placed where level <> 'village'
        order by code"""
    )


def bucket(code: str) -> str:
    """Return SQL for the code of the bucket in the division `code`."""
    return f"left({code}, 11) || 'X'"


def _value(known: Mapping[str, Indicator]) -> Build:
    def build(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
        counted = "\nunion all\n".join(
            f"select {literal(each.name)} as indicator, community_code, category, value,"
            f" {'base' if each.is_ratio else 'cast(null as bigint)'} as base from (\n{each.sql})"
            for each in known.values()
        )
        connection.execute(f"create or replace table {VALUE} as {summed(counted, DIVISION)}")

    return build


def summed(counted: str, division: str) -> str:
    """Return the select of all levels and categories for `counted`, rows of communities (as in `indicators.value`).

    A community that `division` does not have counts in the bucket of its township, county or city, the lowest there
    is; one without any code in that of the first city.
    """
    return f"""
        with counted as ({counted}),
        nowhere as (select min({bucket("code")}) as code from {division} where level = 'city'),
        placed as (
            select c.indicator, c.category, c.value, c.base, coalesce(v.code, t.code, n.code, y.code, w.code) as leaf
            from counted as c cross join nowhere as w
            left join {division} as v on v.code = c.community_code
            left join {division} as t on t.code = left(c.community_code, 9) || '00X'
            left join {division} as n on n.code = left(c.community_code, 6) || '00000X'
            left join {division} as y on y.code = left(c.community_code, 4) || '0000000X'
        ),
        line as (
            -- from every leaf up to its city
            with recursive up as (
                select code as leaf, code from {division}
                union all
                select up.leaf, d.parent_code from up join {division} as d on d.code = up.code
                where d.parent_code is not null
            )
            select leaf, code from up
        ),
        path as (
            select category, unnest(list_transform(
                range(0, case when category = '' then 1 else length(string_split(category, '/')) + 1 end),
                lambda n: array_to_string(string_split(category, '/')[1:n], '/'))) as node
            from (select distinct category from placed)
        )
        select p.indicator, d.level, d.code as division_code, d.parent_code, path.node as category,
            cast(sum(p.value) as bigint) as value, cast(sum(p.base) as bigint) as base
        from placed as p
        join line on line.leaf = p.leaf
        join {division} as d on d.code = line.code
        join path on path.category = p.category
        group by all
        order by p.indicator, d.code, path.node"""


def restated(values: str, division: str, merged: Mapping[str, str]) -> str:
    """Return the select of `values`, a version's table as it was, as if today's divisions had been there then.

    Communities in `merged` (code → code now) count in what they became; nothing that was said then is changed.
    """
    became = " ".join(f"when {literal(code)} then {literal(now)}" for code, now in sorted(merged.items()))
    code = f"case division_code {became} else division_code end" if became else "division_code"
    return summed(
        f"""
        select indicator, {code} as community_code, category, value, base
        from {values} as leaf
        where level in ('village', '{UNPLACED}') and not exists (
            select 1 from {values} as deeper
            where deeper.indicator = leaf.indicator and deeper.division_code = leaf.division_code
                and deeper.category <> leaf.category
                and (leaf.category = '' or starts_with(deeper.category, leaf.category || '/')))""",
        division,
    )


def _additivity(known: Mapping[str, Indicator]) -> Build:
    """Create `indicators.additivity`, one row per indicator and level, found by direct sums over the finished table."""
    hanging = "select '' as indicator, '' as above, '' as category, false as is_whole where false" + "".join(
        f"\nunion all\nselect {literal(each.name)}, {literal(node.indicator)},"
        f" {literal(node.category)}, {'true' if each.sums_to else 'false'}"
        for each in known.values()
        if (node := each.sums_to or each.part_of) is not None
    )

    def build(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
        connection.execute(
            f"""create or replace table {ADDITIVITY} as
            with children as (
                select indicator, category, parent_code, sum(value) as value, sum(coalesce(base, 0)) as base
                from {VALUE} where parent_code is not null group by all
            ),
            grouped as (
                select indicator, division_code, array_to_string(string_split(category, '/')[:-2], '/') as category,
                    sum(value) as value
                from {VALUE} where category <> '' group by all
            ),
            hanging as ({hanging}),
            above as (
                select h.indicator, h.is_whole, v.division_code, v.value
                from hanging as h join {VALUE} as v on v.indicator = h.above and v.category = h.category
            ),
            compared as (
                select v.indicator, v.level,
                    v.level not in ('village', '{UNPLACED}')
                        and (c.value is distinct from v.value or c.base <> coalesce(v.base, 0)) as is_other_sum,
                    g.value is not null and g.value <> v.value as is_other_total,
                    h.indicator is not null and v.category = '' and (
                        coalesce(a.value, 0) < v.value or h.is_whole and a.value <> v.value) as is_beyond
                from {VALUE} as v
                left join children as c
                    on c.indicator = v.indicator and c.category = v.category and c.parent_code = v.division_code
                left join grouped as g
                    on g.indicator = v.indicator and g.category = v.category and g.division_code = v.division_code
                left join hanging as h on h.indicator = v.indicator
                left join above as a on a.indicator = v.indicator and a.division_code = v.division_code
            )
            select indicator || ':' || level as figure, count(*) as cells,
                count(*) filter (where is_other_sum) as differing_divisions,
                count(*) filter (where is_other_total) as differing_categories,
                count(*) filter (where is_beyond) as differing_nodes
            from compared group by indicator, level order by figure"""
        )

    return build
