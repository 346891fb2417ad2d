"""What speaks against a cell: a dispute that is open, a value out of date, systems that disagree."""

from collections.abc import Sequence

from jiceng_pipeline.forms.definition import Column, Form
from jiceng_pipeline.forms.tables import Tables
from jiceng_pipeline.forms.whence import titled
from jiceng_pipeline.matching.disagreement import differ
from jiceng_pipeline.returns.wording import in_words
from jiceng_pipeline.standard.macro import literal


def doubted(form: Form, tables: Tables, told: Sequence[Column], masked: bool) -> str:
    """Return the CTEs that end in `doubted(entity_id, said)`: (element_id, words) of each cell to look at again."""
    entity = form.rows.entity
    listed = ", ".join(literal(each.element) for each in told) or "''"
    # governance.conflict would work out the whole city; here only those in the form, in one pass
    verified = [each for each in told if each.of.verify and tables.won(each)]
    # each in words before they are gathered: a map inside a lambda is built anew for every row
    other = ", ".join(
        f"""cast(case when {differ(each.of, f"candidate.{each.element}", f"golden.{each.element}")}
                    then {in_words(each.of, f"candidate.{each.element}", {})} end as varchar) as {each.element}"""
        for each in verified
    )
    names = ", ".join(each.element for each in verified)
    conflicting = f"""conflicting as (
        select entity_id, element_id, string_agg(distinct value, '、' order by value) as other_values,
            string_agg(distinct system, '、' order by system) as other_systems
        from (
            unpivot (
                select candidate.entity_id, {titled("candidate.system")} as system, {other}
                from (select distinct entity_id from who)
                join matching.{entity}_candidate as candidate using (entity_id)
                join matching.{entity}_golden as golden using (entity_id)
            ) on {names} into name element_id value value
        ){tables.settled}
        group by entity_id, element_id
    ),
    """
    others = "other_systems" if masked else "other_values || '（' || other_systems || '）'"
    disagreeing = f"""union all
                select entity_id, element_id, '说法不一，另有：' || {others} as words from conflicting"""
    lives = next((each for each in told if each.element == "dwelling_address" and tables.won(each)), None)
    contested = _contested(masked) if lives else ""
    moved = "union all select entity_id, 'dwelling_address' as element_id, words from contested" if lives else ""
    return f"""{conflicting if verified else ""}{contested}doubted as (
        select entity_id, list(struct_pack(element_id := element_id, words := words)) as said
        from (
            select entity_id, element_id, string_agg(words, '；' order by words) as words
            from (
                select entity_id, element_id, '存疑：有社区提出异议，来源部门还在核实' as words
                from quality.open_dispute where entity = {literal(entity)} and element_id in ({listed})
                union all
                select entity_id, element_id, '过期：' || source_date || ' 以来没有更新' as words
                from governance.stale_cell where entity = {literal(entity)} and element_id in ({listed})
                {disagreeing if verified else ""}
                {moved}
            )
            where entity_id in (select entity_id from who)
            group by entity_id, element_id
        )
        group by entity_id
    )"""


def _contested(masked: bool) -> str:
    """Return the CTE `contested(entity_id, words)`: who lives, by as many records or more, behind another door.

    A system seen to change a dwelling is believed against others that may not know yet, and one of two says is a toss.
    """
    written = "" if masked else "string_agg(distinct other.written, '；' order by other.written) || "
    return f"""doored as (
        select candidate.entity_id, spelled.dwelling_door as door, candidate.dwelling_address as written,
            {titled("candidate.system")} as system, candidate.record_id = winner.dwelling_address as stands,
            count(*) over (partition by candidate.entity_id, spelled.dwelling_door) as votes
        from (select distinct entity_id from who)
        join matching.resident_candidate as candidate using (entity_id)
        join matching.resident_winner as winner using (entity_id)
        join staging.resident_record as spelled on spelled.record_id = candidate.record_id
        where spelled.dwelling_door is not null
    ),
    contested as (
        select other.entity_id, '说法不一，另有：' || {written}'（' ||
            string_agg(distinct other.system, '、' order by other.system) || '）' as words
        from doored as other
        join doored as own on own.entity_id = other.entity_id and own.stands
        where other.door <> own.door and other.votes >= own.votes
        group by other.entity_id
    ),
    """
