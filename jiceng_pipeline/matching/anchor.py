"""Anchors: a valid identifier with a compatible name makes the entity; with another name it is borrowed.

A borrowed number (a child entered under a parent's) says nothing about its record: the record is
matched as if it had none, and shown to a person.
"""

from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.standard.macro import literal


def select(matching: Matching) -> str:
    """Return the select of `matching.<entity>_anchor(record_id, identifier, is_borrowed)`."""
    if matching.compatible == "any":
        return f"""select record_id, {matching.identifier} as identifier, false as is_borrowed
            from {matching.records} where {matching.identifier} is not null order by record_id"""
    systems = ", ".join(literal(system) for system in matching.reference_systems)
    return f"""with identified as (
            select record_id, {matching.identifier} as identifier, name, name_reading, birth_date,
                citizen_id_birth_date({matching.identifier}) as identifier_birth_date,
                (system in ({systems})) as is_reference
            from {matching.records} where {matching.identifier} is not null
        ), vote as (
            select identifier, name, any_value(name_reading) as name_reading, bool_or(is_reference) as is_reference,
                count(*) as votes, count(*) filter (where birth_date = identifier_birth_date) as born_alike
            from identified where name is not null group by identifier, name
        ), reference as (
            select identifier, name, name_reading from vote
            qualify row_number() over (
                partition by identifier order by is_reference desc, born_alike desc, votes desc, name) = 1
        )
        select i.record_id, i.identifier, not coalesce({_compatible("i", "r")}, i.name is null) as is_borrowed
        from identified as i left join reference as r using (identifier)
        order by i.record_id"""


def _compatible(record: str, reference: str) -> str:
    """Return SQL: may the two names belong to one person, given what the birth date says?

    Equal, equally read, the same characters in another order, or unread characters typed as `?`: yes.
    One character other, added or missing: only where the record's own birth date is the identifier's,
    for brothers and father and son differ by as little.
    """
    a, b = f"{record}.name", f"{reference}.name"
    born = f"{record}.birth_date = {record}.identifier_birth_date"
    return f"""case
        when {a} = {b} or {record}.name_reading = {reference}.name_reading then true
        when list_sort(string_split({a}, '')) = list_sort(string_split({b}, '')) then true
        when contains({a}, '?') and length({a}) = length({b}) then {_unread(a, b)}
        when contains({b}, '?') and length({a}) = length({b}) then {_unread(b, a)}
        when substr({a}, 1, 1) = substr({b}, 1, 1) and abs(length({a}) - length({b})) <= 1 then coalesce({born}, false)
        else false end"""


def _unread(unread: str, full: str) -> str:
    """Return SQL: equal but for the places where `unread` has a question mark."""
    return f"""list_bool_and(list_transform(range(1, length({unread}) + 1),
        lambda p: substr({unread}, cast(p as integer), 1) in ('?', substr({full}, cast(p as integer), 1))))"""
