"""Steady cells: what said one thing from the first day of its entity on has no history, and is not looked at again.

When a source delivers every record anew, one cell of each has changed and all the others say what they said. To find
those among the contents as they stand is one pass; to look at each as a cell of its own took most of the history.
"""

from collections.abc import Mapping

import duckdb


def create_unsteady(connection: duckdb.DuckDBPyConnection, entity: str, said: Mapping[str, str]) -> list[str]:
    """Create temp table `unsteady(number, <cell> …)`, true where a cell may have a history; return whose there is one.

    `said` is for each cell SQL over `span`, null where the content says nothing. A cell is steady where all that is
    said is the same, one record says it from the entity's first day until now, and no person has frozen a value.
    Values are compared by their hashes, which is much quicker.
    """
    cells = ", ".join(f"case when ({sql}) is not null then hash({sql}) end as {cell}" for cell, sql in said.items())
    per_record = ", ".join(
        f"min({cell}) as {cell}_least, max({cell}) as {cell}_most, count({cell}) = count(*) as {cell}_whole"
        for cell in said
    )
    unsteady = ", ".join(
        f"""coalesce(min({cell}_least) <> max({cell}_most) or bool_or(is_frozen and {cell}_most is not null)
            or not bool_or(is_throughout and {cell}_whole), false) and max({cell}_most) is not null as {cell}"""
        for cell in said
    )
    connection.execute(
        f"""create or replace temp table unsteady as
        with frozen as (
            select b.number from began as b
            where b.entity_id in (select entity_id from matching.frozen_cell where entity = '{entity}')
        ), several as (
            select number from span join began using (number) group by number
            having count(*) > 1 or max(from_date) <> max(began) or max(to_date) is not null
            union select number from frozen
        ), record as (
            select number, min(from_date) as first_day, {per_record},
                count(*) - count(to_date) = 1
                    and coalesce(sum(to_date - from_date), 0) = max(from_date) - min(from_date) as is_unbroken
            from (select number, hash(record_id) as record, from_date, to_date, {cells}
                from span semi join several using (number))
            group by number, record
        )
        select number, {unsteady}
        from (select r.*, is_unbroken and r.first_day = b.began as is_throughout, f.number is not null as is_frozen
            from record as r join began as b using (number) left join frozen as f using (number))
        group by number"""
    )
    found = connection.execute(f"select {', '.join(f'bool_or({cell})' for cell in said)} from unsteady").fetchall()[0]
    return [cell for cell, is_unsteady in zip(said, found, strict=True) if is_unsteady]


def among(cell: str) -> str:
    """Return SQL to add to a `where` over `span as c`: the cell may have a history."""
    return f"c.number in (select number from unsteady where {cell})"
