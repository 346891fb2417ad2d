"""Whence each cell of a row comes, and of when: one lookup for all rows, one line a row.

系统 日期：列、列；系统 日期：列
"""

from collections.abc import Mapping, Sequence

from jiceng_pipeline.departments.contract import systems
from jiceng_pipeline.forms.definition import Column, Form
from jiceng_pipeline.forms.tables import Tables
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import identifier

DERIVED = "本库得出"
_FREEZE = "人工认定"


def sourced(form: Form, tables: Tables, told: Sequence[Column], as_of: str) -> str:
    """Return the CTEs that end in `sourced(entity_id, said)`: 系统 日期：列、列；…"""
    entity = form.rows.entity
    records = {each: sql for each in told if (sql := tables.won(each))}
    numbers = {each.element: number for number, each in enumerate(form.columns)}
    titles = {each.element: each.heading for each in form.columns}
    derived = [titles[each.element] for each in told if each.element in form.rows.derives]
    ours = f"{DERIVED} {as_of}：{'、'.join(derived)}" if derived else ""
    if not records:
        return f"sourced as (select entity_id, {literal(ours)} as said from who)"
    listed = ", ".join(f"{sql} as {identifier(each.element)}" for each, sql in records.items())
    names = ", ".join(identifier(each.element) for each in records)
    return f"""won as (
        unpivot (
            select who.entity_id, {listed} from who join matching.{entity}_winner as winner using (entity_id)
        ) on {names} into name element_id value record_id
    ),
    dated as (
        select won.entity_id, won.element_id, candidate.system,
            coalesce(candidate.record_date, frozen.frozen_date) as day,
            {_map(numbers)}[won.element_id] as number
        from won
        -- of these people alone: the records of a whole city would have to fit into memory
        left join (
            select record_id, system, record_date from matching.{entity}_candidate
            where entity_id in (select entity_id from who)
        ) as candidate using (record_id)
        left join matching.frozen_cell as frozen on candidate.record_id is null and frozen.entity = {literal(entity)}
            and frozen.entity_id = won.entity_id and frozen.element_id = won.element_id
    ),
    grouped as (
        select entity_id, system, day, min(number) as number,
            string_agg({_map(titles)}[element_id], '、' order by number) as titles
        from dated group by entity_id, system, day
    ),
    sourced as (
        select entity_id, string_agg(
            case when system is null then {literal(_FREEZE)} else {titled("system")} end
            || ' ' || coalesce(cast(day as varchar), '日期不详') || '：' || titles, '；' order by number, system, day
        ) || {literal(f"；{ours}" if ours else "")} as said
        from grouped group by entity_id
    )"""


def by_heading(line: str) -> Mapping[str, str]:
    """Return heading → 系统 日期, read back from the line of a row."""
    found: dict[str, str] = {}
    for part in filter(None, line.split("；")):
        said, _, headings = part.partition("：")
        found |= dict.fromkeys(headings.split("、"), said)
    return found


def titled(system: str) -> str:
    """Return SQL: the title of a system, else its name."""
    return f"coalesce({_map({name: contract.title for name, contract in systems().items()})}[{system}], {system})"


def _map(values: Mapping[str, object]) -> str:
    pairs = ", ".join(
        f"{literal(name)}: {literal(value) if isinstance(value, str) else value}" for name, value in values.items()
    )
    return f"map {{{pairs}}}"
