"""标签: `governance.tag`, one row a person or household and tag that the declared rules give them."""

from collections.abc import Iterable, Sequence
from itertools import starmap

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import sole
from jiceng_pipeline.standard import subject
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import elements_of
from jiceng_pipeline.standard.tags import Tag, tags
from jiceng_pipeline.warehouse.table import Table


def table() -> Table:
    """Return the table of the build."""
    return Table(
        "governance",
        "tag",
        "标签",
        "独居、高龄、低保、残疾、学龄等标签，每个由公布的规则得出，并写明依据的数据来自哪些系统",
        frozenset(
            {
                "governance.resident",
                "governance.household",
                "matching.resident_candidate",
                "matching.resident_winner",
                "standard.business_day",
            }
        ),
        build,
    )


def build(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
    """Create `governance.tag(resident_id, household_id, tag_code, tag_title, source_systems, since_date)`.

    A row has the id of a resident or of a household. `source_systems` are those whose values decided it; null
    for a household, where its members' tags have them. The dead have no tags.
    """
    of_resident = [tag for tag in tags().values() if tag.of == "resident"]
    of_household = [tag for tag in tags().values() if tag.of == "household"]
    held = _held_by_any(of_resident)
    cells = ", ".join(f"max(c.system) filter (where c.{name}) as {name}" for name in held)
    connection.execute(
        f"""create or replace table governance.tag as
        with of_resident as ({" union all ".join(starmap(_of_resident, enumerate(of_resident)))}
        ), of_household as ({" union all ".join(starmap(_of_household, enumerate(of_household)))}
        ), decided as (
            select c.entity_id, {cells}
            from ({sole.stands(connection, "resident", held)}) as c
            where c.entity_id in (select resident_id from of_resident)
            group by c.entity_id
        )
        select resident_id, cast(null as varchar) as household_id, {_described(of_resident)}
        from of_resident join decided on decided.entity_id = of_resident.resident_id
        union all
        select cast(null as varchar), household_id, {_described(of_household)}
        from of_household
        order by resident_id, household_id, tag_code"""
    )


def _of_resident(number: int, tag: Tag) -> str:
    """Return the select of the residents who have a tag; the rule comes first, for few do."""
    return f"""select resident.resident_id, {number} as number, {_since(tag)} as since_date
        from {subject.resident(tag.rule, tag.since)}
        where resident.death_date is null and ({tag.sql(tag.rule)})"""


def _of_household(number: int, tag: Tag) -> str:
    return f"""select household.household_id, {number} as number, {_since(tag)} as since_date
        from governance.household as household cross join standard.business_day as today
        where {tag.sql(tag.rule)}"""


def _since(tag: Tag) -> str:
    return f"cast({tag.sql(tag.since) if tag.since else 'null'} as date)"


def _described(wanted: Sequence[Tag]) -> str:
    """Return the columns that follow from a tag's number."""
    held = [(number, [f"decided.{name}" for name in _held(tag)]) for number, tag in enumerate(wanted)]
    cells = {
        "tag_code": [f"when {number} then {literal(tag.code)}" for number, tag in enumerate(wanted)],
        "tag_title": [f"when {number} then {literal(tag.title)}" for number, tag in enumerate(wanted)],
        "source_systems": [
            f"when {number} then {_listed(names)}"
            for number, names in held
            if names and wanted[number].of == "resident"
        ]
        or ["when -1 then cast(null as varchar)"],
    }
    told = ", ".join(f"case number {' '.join(cases)} end as {name}" for name, cases in cells.items())
    return f"{told}, since_date"


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"nullif(array_to_string(list_sort(list_distinct([{', '.join(names)}])), ','), '')"


def _held_by_any(wanted: Iterable[Tag]) -> list[str]:
    return sorted({name for tag in wanted for name in _held(tag)})


def _held(tag: Tag) -> list[str]:
    """Return the elements of a tag that records carry; the others we derive ourselves."""
    known = {each.id for each in elements_of("resident")}
    return [name for name in tag.elements if name in known]
