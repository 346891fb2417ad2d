"""What systems were seen to change: the surest sign that a value is the newer one.

Records say when they were last written, not which of their cells was, and some say no date at all; so the newest
record often repeats an old telephone. Two things tell more: a system that said one thing and now says another,
and how many say the same. An element with the rule `last_change` goes by these, in this order.
"""

import duckdb

from jiceng_pipeline.landing import version
from jiceng_pipeline.standard.macro import let
from jiceng_pipeline.standard.register import Element


def kept(entity: str) -> tuple[Element, ...]:
    """Return the elements of an entity that go by the last change seen."""
    return tuple(each for each in version.kept(entity) if each.survivorship.then == "last_change")


def select(element: Element, contents: str) -> str:
    """Return the select of `contents` with `<element>_changed`: the day its record was last seen to change it so far.

    `contents` is a table with record_id, from_date and the element, one row for each time a record stood as it did.
    """
    cell = element.id
    return f"""select * exclude (before, is_first), max(case when not is_first and {cell} is distinct from before
            then from_date end) over (partition by record_id order by from_date) as {cell}_changed
        from (
            select *, lag({cell}) over (partition by record_id order by from_date) as before,
                row_number() over (partition by record_id order by from_date) = 1 as is_first
            from {contents})"""


def create(connection: duckdb.DuckDBPyConnection, entity: str, among: str) -> None:
    """Create temp table `seen_change(record_id, <element>_changed …)`, of the records that changed such an element.

    `among`: SQL over the candidates c whose records are looked at.
    """
    contents = f"""(from standard.{entity}_version
        semi join (select c.record_id from matching.{entity}_candidate as c where {among}) using (record_id))"""
    for each in kept(entity):
        contents = f"({select(each, contents)})"
    days = [f"{each.id}_changed" for each in kept(entity)]
    changed = " or ".join(f"{day} is not null" for day in days) or "false"
    connection.execute(
        f"""create or replace temp table seen_change as
        select {", ".join(["record_id", *days])} from {contents} where to_date is null and ({changed})"""
    )


def alike(element: Element, value: str) -> str:
    """Return SQL: what two ways to say the same of an element have in common.

    Of an address the numbers of its door, of a lane or village where that is a single one with their names.
    """
    if element.type != "address":
        return value
    return let(f"address_key({value})", "k").then(f"coalesce(door_number(k), k, {value})")
