"""Disagreement: what two different values of a cell are to each other, for most that differ are no disagreement.

`differs`: two systems say two things. `several`: the one system that says so has several records, of two properties
as often as of one. `coarser`: one says less of the same, 配偶 and 妻, a name with a character that a system could not
write, an address without its room. `spelling`: the same door or company, written otherwise. `own_number`: each system
gives its own.
"""

from jiceng_pipeline.standard.code_sets import broader
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


def relation(element: Element, one: str, other: str) -> str | None:
    """Return SQL over two values that are not equal: 'coarser', 'spelling', or null where they say two things.

    None: of that element they always do.
    """
    if element.type == "address":
        return let(f"[address_key({one}), address_key({other})]", "k").then(
            """case when k[1] = k[2] or door_number(k[1]) = door_number(k[2]) then 'spelling'
            when starts_with(k[1], k[2] || '-') or starts_with(k[2], k[1] || '-') then 'coarser' end"""
        )
    if element.type == "organisation_name":
        return f"case when organisation_core({one}) = organisation_core({other}) then 'spelling' end"
    if element.type == "name":
        return f"case when {_hides(one, other)} or {_hides(other, one)} then 'coarser' end"
    if element.code_set and (above := broader(element.code_set)):
        listed = ", ".join(f"({literal(code)}, {literal(of)})" for code, of in above.items())
        return f"case when ({one}, {other}) in ({listed}) or ({other}, {one}) in ({listed}) then 'coarser' end"
    return None


def differ(element: Element, one: str, other: str) -> str:
    """Return SQL: the two values say two things."""
    near = relation(element, one, other)
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


def _hides(one: str, other: str) -> str:
    """Return SQL: one name is the other with signs that a system could not write."""
    return f"{other} like replace(unread_signs({one}), '?', '_')"
