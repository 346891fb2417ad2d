"""Holders: which systems say anything of which element, and one row an entity made of their records alone.

Most elements are held by a few of the systems, and most entities have a single record there: what one record says
needs no choosing. To choose among all records for every element takes most of a sync's time and, of millions, all of
its memory.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import duckdb

from jiceng_pipeline.matching import household
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element

_MOST = 12  # elements gathered at once: memory grows with it


@dataclass(frozen=True)
class Holding:
    """Elements that the same systems hold."""

    elements: tuple[Element, ...]
    systems: tuple[str, ...]

    def has(self, system: str) -> str:
        """Return SQL: the system in that column is one of the holders."""
        return f"{system} in ({', '.join(map(literal, self.systems))})"


def holdings(
    connection: duckdb.DuckDBPyConnection, entity: str, elements: Iterable[Element], among: str = "true"
) -> list[Holding]:
    """Return the elements that candidates c, those `among` them, have a value of, by who holds them.

    What half of the systems or more hold is looked for in the records of all of those at once.
    """
    every = tuple(elements)
    if not every:
        return []
    rows = connection.execute(
        f"""select c.system, {", ".join(f"count(c.{each.id})" for each in every)}
        from matching.{entity}_candidate as c where {among} group by c.system order by c.system"""
    ).fetchall()
    holders = {each: tuple(row[0] for row in rows if row[place]) for place, each in enumerate(every, 1)}
    common = tuple(row[0] for row in rows if any(row[0] in of for of in holders.values() if 2 * len(of) >= len(rows)))
    alike: dict[tuple[str, ...], list[Element]] = {}
    for each, held_by in holders.items():
        if held_by:
            alike.setdefault(common if 2 * len(held_by) >= len(rows) else held_by, []).append(each)
    return [
        Holding(tuple(held[start : start + _MOST]), held_by)
        for held_by, held in sorted(alike.items(), key=lambda item: (-len(item[0]), item[0]))
        for start in range(0, len(held), _MOST)
    ]


def gather(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    holding: Holding,
    rows: str,
    alone: str,
    of_one: Callable[[Element], str],
    of_several: Callable[[Element], str],
) -> None:
    """Create temp table `name`: one row an entity that has rows (SQL from a table c) of the holders.

    `of_one` is the cell of an entity with a single such row, looked for in `alone`, the candidates; `of_several` the
    aggregate over the `rows` of another.
    """
    one, several = (
        ", ".join(f"{cell(each)} as {each.id}" for each in holding.elements) for cell in (of_one, of_several)
    )
    connection.execute(
        f"""create or replace temp table {name} as
        with several as (select c.entity_id from {alone} where {holding.has("c.system")}
            group by c.entity_id having count(*) > 1)
        select c.entity_id, {one} from {alone} anti join several on several.entity_id = c.entity_id
        where {holding.has("c.system")}
        union all
        select c.entity_id, {several} from {rows} semi join several on several.entity_id = c.entity_id
        where {holding.has("c.system")} group by c.entity_id"""
    )


def assembled(
    every: Sequence[Element],
    parts: Sequence[tuple[str, Holding]],
    known: str,
    of_none: str | None = None,
    more: Sequence[str] = (),
) -> str:
    """Return the select of entity_id, a cell of every element from the gathered `parts`, and `more`.

    `known` has a row of every entity, with `more`; `of_none` is the cell of an element that nobody holds, None: null
    of its own type.
    """
    place = {each.id: name for name, holding in parts for each in holding.elements}
    cells = ", ".join(
        f"{place[each.id]}.{each.id}"
        if each.id in place
        else f"{of_none or f'cast(null as {each.sql_type})'} as {each.id}"
        for each in every
    )
    joins = "".join(f" left join temp.{name} on {name}.entity_id = k.entity_id" for name, _ in parts)
    return f"select k.entity_id, {cells}{''.join(f', k.{each}' for each in more)} from {known} as k{joins}"


def speakers(connection: duckdb.DuckDBPyConnection, entity: str, counted: str, among: str) -> str:
    """Return the select of record_count (as `counted`), system_count, source_systems and source_date of each entity.

    And of its household. Counted are the candidates c that are `among` them. The systems of an entity are the bits of
    one number: a list of their names each would take many times as long.
    """
    candidate = f"matching.{entity}_candidate as c where {among}"
    names = [
        name for (name,) in connection.execute(f"select distinct c.system from {candidate} order by all").fetchall()
    ]
    bit = {name: f"cast({1 << place} as hugeint)" for place, name in enumerate(names)}
    cases = " ".join(f"when {literal(name)} then {bit[name]}" for name in names)
    named = household.named(entity)
    same = "".join(f", any_value(c.{name}) as {name}" for name in named)
    heard = f"bit_or(case c.system {cases} end)" if names else "cast(null as hugeint)"
    told = ", ".join(f"case when heard & {bit[name]} <> 0 then {literal(name)} end" for name in names) or "null"
    return f"""select entity_id, record_count, cast(bit_count(heard) as bigint) as system_count,
            concat_ws(',', {told}) as source_systems, source_date{"".join(f", {name}" for name in named)}
        from (select c.entity_id, {counted} as record_count, {heard} as heard, max(c.record_date) as source_date{same}
            from {candidate} group by c.entity_id)"""
