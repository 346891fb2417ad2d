"""Disagreement: what two different values of a cell are to each other, for most that differ are no disagreement.

`differs`: two systems say two things. `several`: the one system that says so has several records, of two properties
as often as of one. `coarser`: one says less of the same, 配偶 and 妻, a name with a character that a system could not
write, an address without its room, a code that says nothing (未说明). `spelling`: the same door or company, written
otherwise, or the same name in traditional signs or without its dot. `own_number`: each system gives its own.
"""

from jiceng_pipeline.standard.code_sets import broader, unsaid
from jiceng_pipeline.standard.macro import let, literal
from jiceng_pipeline.standard.register import Element

DIFFERS = "differs"
KINDS = {
    DIFFERS: "说法不同",
    "several": "同一系统的几条记录不同",
    "coarser": "详略不同",
    "spelling": "写法不同",
    "own_number": "各系统自编的号",
}


def may_be_near(element: Element) -> bool:
    """Say whether two values of it that are not equal may say the same."""
    return _relation(element, "one", "other") is not None or element.type == "address"


def compared(element: Element, rows: str) -> str:
    """Return the select of `rows`, which have a `value` that is not the one that `stands`, and how it is to that.

    `relation` is 'coarser', 'spelling', or null where they say two things.
    """
    if element.type != "address":
        return f"select *, {_relation(element, 'value', 'stands') or 'cast(null as varchar)'} as relation from {rows}"
    # Numbers nearly always tell, in a fraction of the time of taking an address apart. Where there is a single one, as
    # in a lane, or where one address ends before the other, the names are asked.
    return rf"""select * exclude (numbers, standing),
            case when numbers = standing and len(numbers) > 1 then 'spelling'
                when numbers[:len(standing)] = standing or standing[:len(numbers)] = numbers then {_door()} end
                as relation
        from (
            select *, regexp_extract_all(value, '\d+') as numbers, regexp_extract_all(stands, '\d+') as standing
            from {rows})"""


def differ(element: Element, one: str, other: str) -> str:
    """Return SQL: the two values say two things. Of an address that takes more: see `compared`."""
    near = _relation(element, one, other)
    return f"({one} <> {other}{f' and {near} is null' if near else ''})"


def kind(element: Element) -> str:
    """Return SQL over a cell c: what its other values are to the one that stands, whose `system` it has.

    `first_apart` and `last_apart` are the first and last of the systems that say something else, null where none does;
    `is_coarser`, whether any says less or more of the same; `other_systems` all of them, with commas.
    """
    if element.own_per_system:
        own = "list_contains(string_split(c.other_systems, ','), c.system)"
        return f"case when {own} then 'several' else 'own_number' end"
    return f"""case when c.first_apart is null then case when c.is_coarser then 'coarser' else 'spelling' end
            when c.first_apart = c.system and c.last_apart = c.system then 'several' else '{DIFFERS}' end"""


def _relation(element: Element, one: str, other: str) -> str | None:
    if element.type == "organisation_name":
        return f"case when organisation_core({one}) = organisation_core({other}) then 'spelling' end"
    if element.type == "name":
        return f"""case when {_simplified(one)} = {_simplified(other)} then 'spelling'
            when {_hides(one, other)} or {_hides(other, one)} then 'coarser' end"""
    if not element.code_set:
        return None
    coarser = []
    if above := broader(element.code_set):
        known = ", ".join(literal(f"{code} {of}") for code, of in above.items())
        coarser += [f"{pair} in ({known})" for pair in (f"{one} || ' ' || {other}", f"{other} || ' ' || {one}")]
    if nothing := unsaid(element.code_set):
        coarser += [f"{code} in ({', '.join(map(literal, nothing))})" for code in (one, other)]
    return f"case when {' or '.join(coarser)} then 'coarser' end" if coarser else None


def _door() -> str:
    return let("[address_key(value), address_key(stands)]", "k").then(
        """case when k[1] = k[2] then 'spelling'
                when starts_with(k[1], k[2] || '-') or starts_with(k[2], k[1] || '-') then 'coarser' end"""
    )


def _simplified(name: str) -> str:
    """Return SQL: a name in simplified signs, without the dot that some systems leave out."""
    # few are not written so, and to look a name up among these alone takes a form a third of the time
    written = f"select r.simplified from standard.name_reading as r where r.name = {name} and r.simplified is not null"
    return f"replace(coalesce(({written}), {name}), '·', '')"


def _hides(one: str, other: str) -> str:
    """Return SQL: one name is the other with signs that a system could not write."""
    return f"(contains(unread_signs({one}), '?') and {other} like replace(unread_signs({one}), '?', '_'))"
