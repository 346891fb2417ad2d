"""Votes: how many of an entity's records say what a record says, counted only where they do not all say the same."""

from collections.abc import Mapping

import duckdb

from jiceng_pipeline.standard.register import Element


def count(connection: duckdb.DuckDBPyConnection, entity: str, same: Mapping[Element, str], among: str) -> list[Element]:
    """Create temp table `votes_<element>(place, votes)` of the candidates c, those `among` them; return whose there is.

    `same` is for each element SQL over c, and d, its row in staging: records in which it is equal say the same.
    `place` is the row of matching.<entity>_candidate. Where no entity's records differ there is nothing to count.
    """
    candidate = f"matching.{entity}_candidate as c"
    plain = {each: key for each, key in same.items() if key == f"c.{each.id}"}
    # to find the row in staging of each record takes longer than to count
    staged = f"{candidate} left join staging.{entity}_record as d on d.record_id = c.record_id"
    found = {
        *_counted(connection, candidate, plain, among),
        *_counted(connection, staged, {each: key for each, key in same.items() if each not in plain}, among),
    }
    return [each for each in same if each in found]


def _counted(
    connection: duckdb.DuckDBPyConnection, rows: str, same: Mapping[Element, str], among: str
) -> list[Element]:
    """Do so for these elements, told by `rows`."""
    if not same:
        return []
    said = {each: f"case when c.{each.id} is not null then {key} end" for each, key in same.items()}
    differs = ", ".join(f"min({key}) <> max({key}) as {each.id}" for each, key in said.items())
    connection.execute(
        f"""create or replace temp table differing as
        select c.entity_id, {differs} from {rows} where {among} group by c.entity_id having count(*) > 1"""
    )
    wanted = ", ".join(f"coalesce(bool_or({each.id}), false)" for each in same)
    found = connection.execute(f"select {wanted} from temp.differing").fetchall()[0]
    counted = [each for each, is_wanted in zip(same, found, strict=True) if is_wanted]
    for each in counted:
        connection.execute(
            f"""create or replace temp table {table(each)} as
            select c.rowid as place, count(*) over (partition by c.entity_id, {same[each]}) as votes
            from {rows} semi join (select entity_id from temp.differing where {each.id}) as t
                on t.entity_id = c.entity_id
            where c.{each.id} is not null and {among}"""
        )
    connection.execute("drop table temp.differing")
    return counted


def table(element: Element) -> str:
    """Return the name of the table that an element's votes are in."""
    return f"votes_{element.id}"
