"""Two names of one place (an old street name, what people call an estate) become one, by evidence only.

Evidence is a household or an enterprise whose records name both, in one community, with the same numbers. It takes
several such holders, and most of those who use the rarer name more than once: people who really live there do not
name the other place as well. One record alone proves nothing, and a number that differs is another door.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

SUPPORT = 3  # households or enterprises
SHARE = 0.5  # of those that name the place at least twice


@dataclass(frozen=True)
class _Step:
    """Names (SQL over a spot `s`) are compared where all of `same` is equal; one stands for another within `scope`.

    `renamed` says what of a spot the standing name replaces; `rarer`, which spots may bear another's name.
    """

    name: str
    renamed: Mapping[str, str]
    scope: tuple[str, ...]
    same: tuple[str, ...] = ()
    where: str = "s.street <> '' and s.door <> ''"
    rarer: str = "true"


_PARTS = ("street", "village_group", "door", "estate")
_STEPS = (
    _Step("s.street", {"street": "a.standing"}, scope=("community",), same=("village_group", "door")),
    _Step("s.estate", {"estate": "a.standing"}, scope=("community", "street", "village_group", "door")),
    # 青年新村3幢1单元602室 without its street, and 永兴路222号青年新村3幢1单元602室
    _Step(
        " || '|' || ".join(f"s.{part}" for part in _PARTS),
        {part: f"split_part(a.standing, '|', {place})" for place, part in enumerate(_PARTS, start=1)},
        scope=("community",),
        where="i.block <> '' and i.room <> ''",
        rarer="s.street = '' and s.door = ''",
    ),
)


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Give every row of the temp table `spot` the names that stand; it also reads `told` and `inside`."""
    connection.execute(
        """create or replace temp table mention as
        select holder, spot, inside, sum(times) as times from told group by holder, spot, inside"""
    )
    for step in _STEPS:
        if not connection.execute(f"select 1 from spot as s where {step.rarer} limit 1").fetchall():
            continue
        _create_alias(connection, step)
        _rename(connection, step)


def _create_alias(connection: duckdb.DuckDBPyConnection, step: _Step) -> None:
    """Create temp `alias(scope…, name, standing)`."""
    scope, context = ", ".join(step.scope), ", ".join((*step.scope, *step.same, "inside"))
    columns = ", ".join((*(f"s.{column}" for column in (*step.scope, *step.same)), "t.inside"))
    connection.execute(
        f"""create or replace temp table used as
        select t.holder, {columns}, {step.name} as name, bool_or({step.rarer}) as may_be_other, sum(t.times) as times,
            sum(sum(t.times)) over (partition by t.holder, {columns}) as together,
            count(*) over (partition by t.holder, {columns}) as names
        from mention as t join spot as s using (spot) join inside as i using (inside)
        where s.community <> '' and {step.where}
        group by t.holder, {columns}, {step.name}"""
    )
    connection.execute(
        f"""create or replace temp table alias as
        with held as (
            select {scope}, name, sum(times) as times,
                count(distinct case when together > 1 then holder end) as holders
            from used group by {scope}, name
        ), several as (
            select * from used where names > 1
        ), pair as (
            select {scope}, a.name, b.name as standing, count(distinct holder) as support
            from several as a join several as b using (holder, {context})
            where a.name <> b.name and a.may_be_other
            group by {scope}, a.name, b.name
        ), likely as (
            select {", ".join(f"p.{column}" for column in step.scope)}, p.name, p.standing, p.support
            from pair as p join held as r using ({scope}, name)
            join held as s on s.name = p.standing {_alike("s", "p", step)}
            where p.support >= {SUPPORT} and p.support >= {SHARE} * r.holders
                and (s.times > r.times or s.times = r.times and s.name < r.name)
        )
        select {scope}, name, standing from likely
        qualify row_number() over (partition by {scope}, name order by support desc, standing) = 1"""
    )


def _rename(connection: duckdb.DuckDBPyConnection, step: _Step) -> None:
    """Replace in `spot` the names that stand for another, and a name of a name."""
    connection.execute(
        f"""create or replace temp table spot as
        with standing as (
            select {", ".join(f"a.{column}" for column in step.scope)}, a.name,
                coalesce(b.standing, a.standing) as standing
            from alias as a left join alias as b on b.name = a.standing {_alike("b", "a", step)}
        )
        select s.spot, s.community, s.county, s.site, {", ".join(_renamed(step))}
        from spot as s left join standing as a on a.name = {step.name} {_alike("a", "s", step)}"""
    )


def _renamed(step: _Step) -> Iterator[str]:
    for part in _PARTS:
        yield f"coalesce({step.renamed[part]}, s.{part}) as {part}" if part in step.renamed else f"s.{part}"


def _alike(one: str, other: str, step: _Step) -> str:
    return " ".join(f"and {one}.{column} = {other}.{column}" for column in step.scope)
