"""Borrowed numbers: a valid identifier with a compatible name makes the entity, with another name or birth it is lent.

A borrowed number (a child entered under a parent's) says nothing about its record: the record is
matched as if it had none, and shown to a person.
"""

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import decisions
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.reading import reading


def select(matching: Matching) -> str:
    """Return the select of `matching.<entity>_borrowed(record_id, identifier)`."""
    systems = ", ".join(literal(system) for system in matching.reference_systems)
    return f"""with identified as (
            select *, {matching.identifier} as identifier, (system in ({systems})) as is_reference
            from {matching.records} where {matching.identifier} is not null
        ), lent as ({_by_name(matching) if matching.compatible == "name" else _NONE}
        ), said as (
            select record_id_a as record_id, record_id_b as other, verdict
            from matching.decision where entity = {literal(matching.entity)}
            union all
            select record_id_b, record_id_a, verdict from matching.decision where entity = {literal(matching.entity)}
        ), judged as (
            select i.record_id, i.identifier, i.is_reference, b.record_id is not null as is_borrowed
            from (from identified semi join said using (record_id)) as i left join lent as b using (record_id)
        ), elsewhere as (
            select distinct s.record_id from said as s join judged as j using (record_id)
            left join judged as o on o.record_id = s.other
            where s.verdict = 'same' and o.identifier is distinct from j.identifier
        ), ranked as (
            -- of records under one number that a person told apart, those leave first which are said to belong
            -- elsewhere; the register's stays, else the smaller
            select j.*, row_number() over (
                partition by j.identifier order by a.record_id is not null, not j.is_reference, j.record_id) as rank
            from judged as j left join elsewhere as a using (record_id)
        ), told as (
            select j.record_id, j.identifier, s.verdict, o.record_id as other, o.rank < j.rank as yields
            from said as s join ranked as j using (record_id)
            join ranked as o on o.record_id = s.other and o.identifier = j.identifier and not o.is_borrowed
        ), staying as (
            select identifier, {decisions.staying("record_id", "others", "rank", "varchar")} as kept
            from (
                select r.identifier, r.record_id, r.rank,
                    coalesce(list(t.other) filter (where t.verdict = 'different'), cast([] as varchar[])) as others
                from ranked as r left join told as t using (record_id) where not r.is_borrowed
                group by r.identifier, r.record_id, r.rank
            ) group by identifier
        ), settled as (
            select t.record_id, t.identifier,
                bool_or(t.verdict = 'different' and t.yields and list_contains(k.kept, t.other)) as leaves,
                bool_or(t.verdict = 'same') as stays
            from told as t left join staying as k using (identifier) group by t.record_id, t.identifier
        )
        select record_id, identifier from lent
        where record_id not in (select record_id from settled where stays and not leaves)
        union
        select record_id, identifier from settled where leaves
        order by record_id"""


def is_one(connection: duckdb.DuckDBPyConnection, settings: Settings, name: str, other: str) -> bool:
    """Say whether two names that stand under one number may be one person's."""
    named = f"select distinct unnest([{literal(name)}, {literal(other)}]) as name"
    ((found,),) = connection.execute(
        f"""with read as (select name, written, spoken as read_as from ({reading(settings, named)}))
        select {_compatible("a", "b", "cast(null as boolean)")} from read as a, read as b
        where a.name = {literal(name)} and b.name = {literal(other)}"""
    ).fetchall()
    return bool(found)


_NONE = "select record_id, identifier from identified where false"


def _by_name(matching: Matching) -> str:
    # one name under a number, as nearly always: nothing to judge
    name, spoken = (matching.features[each] for each in matching.comparisons["name"].features[:2])
    return f"""with numbered as (
            select value_number(identifier) as number, value_number({name}) as name_number from identified
        ), mixed as (
            select number from numbered group by number having min(name_number) <> max(name_number)
        ), dated as (
            select record_id, identifier, {name} as written, {spoken} as read_as,
                birth_date, number_birth_date as identifier_birth_date, is_reference,
                coalesce({_STRAY}, false) as is_stray
            from (select *, value_number(identifier) as number from identified) semi join mixed using (number)
        ), named as (
            select *, is_stray and not bool_and(is_stray) over (partition by identifier) as is_elsewhere from dated
        ), vote as (
            select identifier, written, min(read_as) as read_as, bool_or(is_reference) as is_reference,
                count(*) as votes, count(*) filter (where birth_date = identifier_birth_date) as born_alike
            from named where written is not null and not is_elsewhere group by identifier, written
        ), reference as (
            select identifier, written, read_as from vote
            qualify row_number() over (
                partition by identifier order by is_reference desc, born_alike desc, votes desc, written) = 1
        ),
        -- in two steps: the register writes 张?春, one office 张毓春, another 张yu春
        near as (
            select v.identifier, v.written, v.read_as from vote as v join reference as r using (identifier)
            where {_compatible("v", "r", "false")}
        ), alike as (
            select i.record_id, i.identifier, bool_or(coalesce(i.written = n.written
                    or not i.is_elsewhere and {_compatible("i", "n", _BORN)}, i.written is null)) as is_alike
            from named as i left join near as n using (identifier) group by i.record_id, i.identifier
        )
        select record_id, identifier from alike where not is_alike"""


# born in another year and on another day than the number says, by the moon or not: where somebody else fits the
# number, and the name is not quite his, it is a father's, a son's or a brother's
_STRAY = """birth_date <> number_birth_date and year(birth_date) <> year(number_birth_date)
    and (month(birth_date) <> month(number_birth_date) or day(birth_date) <> day(number_birth_date))
    and not (month(birth_date) = 1 and day(birth_date) = 1)
    and abs(date_diff('day', birth_date, number_birth_date)) > 60"""
# the record's own birth date is the identifier's, or what becomes of it: 1 January, day for month, by the moon
_BORN = """(i.birth_date = i.identifier_birth_date or year(i.birth_date) = year(i.identifier_birth_date)
    and (month(i.birth_date) = 1 and day(i.birth_date) = 1
        or month(i.birth_date) = day(i.identifier_birth_date) and day(i.birth_date) = month(i.identifier_birth_date))
    or date_diff('day', i.birth_date, i.identifier_birth_date) between 20 and 50)"""


def _compatible(record: str, reference: str, born: str) -> str:
    """Return SQL: may the two names belong to one person, given what the birth date says?

    Equal, equally read, the same characters in another order, or unread characters typed as `?`: yes.
    One character missing: where the record's own birth date is the identifier's, or is not said. One character other,
    or one missing and what is left not read or only read alike: only where that date is the identifier's, for brothers
    and father and son differ by as little. The family name of the other parent: where the birth date
    is the identifier's, or is not said and the given name is of two characters or more: no two of a family have one.
    """
    a, b = f"{record}.written", f"{reference}.written"
    p, q = (f"replace({name}, '·', '')" for name in (a, b))  # some systems leave the dot out
    read = (f"{record}.read_as", f"{reference}.read_as")
    x, y = (f"regexp_replace({name}, '([^a-zA-Z ])[a-zA-Z]+', '\\1?', 'g')" for name in (a, b))
    return f"""case
        when {a} = {b} or {record}.read_as = {reference}.read_as then true
        when list_sort(string_split({a}, '')) = list_sort(string_split({b}, '')) then true
        when contains({x}, '?') and length({x}) = length({y}) then {_unread(x, y)}
        when contains({y}, '?') and length({x}) = length({y}) then {_unread(y, x)}
        when {_dropped(p, q)} or {_dropped(q, p)} then coalesce({born}, true)
        when substr({p}, 1, 1) = substr({q}, 1, 1) and {_near(p, q)} then coalesce({born}, false)
        when {_given(a, b)} or {_given(b, a)} then coalesce({born}, least(length({a}), length({b})) > 2)
        when {_shorter(p, q, *read)} or {_shorter(q, p, *read[::-1])} then coalesce({born}, false)
        else false end"""


def _near(a: str, b: str) -> str:
    """Return SQL: as long, and one sign is other; twins have one birth date, and mostly two other signs."""
    other = f"cast(substr({a}, n, 1) <> substr({b}, n, 1) as integer)"
    signs = f"list_transform(range(2, length({a}) + 1), lambda n: {other})"
    return f"(length({a}) = length({b}) and list_sum({signs}) <= 1)"


def _given(name: str, other: str) -> str:
    """Return SQL: the name ends with the given name of the other, whose family name is of one sign."""
    return f"(length({other}) > 1 and ends_with({name}, substr({other}, 2)))"


def _dropped(longer: str, shorter: str) -> str:
    """Return SQL: the shorter name is the longer without one of its signs, the first excepted."""
    return _without_one(longer, shorter, "{without} = {shorter}")


def _shorter(longer: str, shorter: str, read: str, read_shorter: str) -> str:
    """Return SQL: the same, where signs of either may be unread, or what is left only reads alike."""
    unread = "{without} like replace({shorter}, '?', '_') or {shorter} like replace({without}, '?', '_')"
    alike = f"""starts_with({read}, left({read_shorter}, n))
        and ends_with({read}, right({read_shorter}, length({read_shorter}) - n))"""
    places = f"range(1, length({read_shorter}) + 1)"
    return f"""({_without_one(longer, shorter, unread)} or length({longer}) = length({shorter}) + 1
        and list_bool_or(list_transform({places}, lambda n: {alike})))"""


def _without_one(longer: str, shorter: str, holds: str) -> str:
    without = f"(substr({longer}, 1, n - 1) || substr({longer}, n + 1))"
    said = holds.format(without=without, shorter=shorter)
    places = f"range(2, length({longer}) + 1)"
    return f"""(length({longer}) = length({shorter}) + 1
        and list_bool_or(list_transform({places}, lambda n: {said})))"""


def _unread(unread: str, full: str) -> str:
    """Return SQL: equal but for the places where `unread` has a question mark."""
    return f"""list_bool_and(list_transform(range(1, length({unread}) + 1),
        lambda p: substr({unread}, cast(p as integer), 1) in ('?', substr({full}, cast(p as integer), 1))))"""
