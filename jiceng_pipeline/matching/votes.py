"""Votes: how many of an entity's records say what a record says, counted only where they do not all say the same."""

from collections.abc import Mapping

import duckdb

from jiceng_pipeline.standard.register import Element


def count(connection: duckdb.DuckDBPyConnection, entity: str, same: Mapping[Element, str], among: str) -> list[Element]:
    """Create temp table `votes_<element>(place, votes)` of the candidates c, those `among` them; return whose there is.

    `same` is for each element SQL over c, and d, its row in staging: records in which it is equal say the same.
    `place` is the row of matching.<entity>_candidate. Where no entity's records differ there is nothing to count.
    """
    if not same:
        return []
    candidate = f"matching.{entity}_candidate as c"
    is_staged = any(key != f"c.{each.id}" for each, key in same.items())
    staged = f" left join staging.{entity}_record as d on d.record_id = c.record_id" if is_staged else ""
    told = candidate + staged
    said = {each: f"case when c.{each.id} is not null then {key} end" for each, key in same.items()}
    differs = ", ".join(f"min({key}) <> max({key}) as {each.id}" for each, key in said.items())
    connection.execute(
        f"""create or replace temp table differing as
        with several as (select c.entity_id from {candidate} where {among} group by c.entity_id having count(*) > 1)
        select c.entity_id, {differs} from {told} semi join several on several.entity_id = c.entity_id
        where {among} group by c.entity_id"""
    )
    wanted = ", ".join(f"coalesce(bool_or({each.id}), false)" for each in same)
    found = connection.execute(f"select {wanted} from temp.differing").fetchall()[0]
    counted = [each for each, is_wanted in zip(same, found, strict=True) if is_wanted]
    for each in counted:
        connection.execute(
            f"""create or replace temp table {table(each)} as
            select c.rowid as place, count(*) over (partition by c.entity_id, {same[each]}) as votes
            from {told} semi join (select entity_id from temp.differing where {each.id}) as t
                on t.entity_id = c.entity_id
            where c.{each.id} is not null and {among}"""
        )
    connection.execute("drop table temp.differing")
    return counted


def table(element: Element) -> str:
    """Return the name of the table that an element's votes are in."""
    return f"votes_{element.id}"
