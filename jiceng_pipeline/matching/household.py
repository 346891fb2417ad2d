"""户: the police's household number makes the household; other systems' families join through members.

A family of another system (its own number, a subsistence certificate) belongs to the registered
household that more than half of its registered members are in. Families nobody registered stand by
themselves; a resident without any family is a household of one.
"""

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import macros
from jiceng_pipeline.matching.founding import keyed
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import blank

REGISTER = "public_security/household_register"
NUMBER = "household_number"
_MOST_BEHIND_A_DOOR = 6  # residents without a family: more are lodgers, not a household


def named(entity: str) -> tuple[str, ...]:
    """Return the columns by which the records of an entity name its household, if it has one."""
    return ("household_id",) if entity == "resident" else ()


def registered(row: str = "") -> str:
    """Return SQL: the household that the police say a record's person is of, `row` the prefix of its columns."""
    number = f"{row}{NUMBER}"
    return f"case when {row}system = {literal(REGISTER)} then case when not is_filler({number}) then {number} end end"


def create_member(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `matching.household_member(resident_id, household_id, household_number, method)`, one row a resident."""
    macros.create(connection)
    register = literal(REGISTER)
    select = f"""with belongs as (
            select l.entity_id as resident_id, r.system, r.family_number, r.record_date, r.record_id
            from matching.resident_link as l join staging.resident_record as r using (record_id)
            where l.is_current
        ), family as (
            select distinct resident_id, system, family_number from belongs
            where system <> {register} and family_number is not null
        ), own as (
            select resident_id, any_value(family_number) as family_number,
                min(value_number(family_number)) <> max(value_number(family_number)) as is_mixed
            from belongs where system = {register} and family_number is not null group by resident_id
        ), registered as (
            select resident_id, family_number from own where not is_mixed
            union all
            select resident_id, family_number from belongs
            where system = {register} and family_number is not null
                and resident_id in (select resident_id from own where is_mixed)
            qualify row_number() over (partition by resident_id order by record_date desc, record_id) = 1
        ), counted as (
            select f.system, f.family_number, r.family_number as registered_number, count(*) as members,
                sum(count(*)) over (partition by f.system, f.family_number) as registered_members
            from family as f join registered as r using (resident_id)
            group by f.system, f.family_number, r.family_number
        ), joined as (
            select system, family_number, registered_number from counted where members * 2 > registered_members
        ), placed as (
            select f.resident_id, f.system, f.family_number, j.registered_number
            from family as f left join joined as j using (system, family_number)
            where f.resident_id not in (select resident_id from registered)
            qualify row_number() over (
                partition by f.resident_id
                order by j.registered_number is null, j.registered_number, f.system, f.family_number) = 1
        ), alone as (
            select resident_id from belongs group by resident_id
            having resident_id not in (select resident_id from registered)
                and resident_id not in (select resident_id from placed)
        ), lives as (
            -- where most of a resident's records say that they live
            select l.entity_id as resident_id, r.dwelling_key
            from matching.resident_link as l join staging.resident_record as r using (record_id)
            where l.is_current and r.dwelling_door is not null and l.entity_id in (
                select resident_id from alone union all select resident_id from placed where registered_number is null)
            group by l.entity_id, r.dwelling_key
            qualify row_number() over (partition by l.entity_id order by count(*) desc, r.dwelling_key) = 1
        ), family_door as (
            select l.dwelling_key, p.system, p.family_number
            from placed as p join lives as l using (resident_id) where p.registered_number is null
            group by l.dwelling_key, p.system, p.family_number
            qualify row_number() over (
                partition by l.dwelling_key order by count(*) desc, p.system, p.family_number) = 1
        ), behind as (
            select a.resident_id, l.dwelling_key, min(a.resident_id) over (partition by l.dwelling_key) as first,
                count(*) over (partition by l.dwelling_key) as people, d.system, d.family_number
            from alone as a join lives as l using (resident_id) left join family_door as d using (dwelling_key)
            qualify people <= {_MOST_BEHIND_A_DOOR} and (people > 1 or d.system is not null)
        ), household as (
            select resident_id, {register} || '|' || family_number as founding, family_number as household_number,
                'register' as method
            from registered
            union all
            select resident_id, {register} || '|' || registered_number, registered_number, 'family'
            from placed where registered_number is not null
            union all
            select resident_id, system || '|' || family_number, family_number, 'unregistered'
            from placed where registered_number is null
            union all
            select resident_id, coalesce(system || '|' || family_number, 'door|' || first), family_number, 'door'
            from behind
            union all
            select resident_id, 'alone|' || resident_id, null, 'alone' from alone anti join behind using (resident_id)
        ), named as (
            select founding, {keyed(settings, "household", "founding")} as household_id
            from (select distinct founding from household)
        )
        select h.resident_id, n.household_id, h.household_number, h.method
        from household as h join named as n using (founding)"""
    columns = ("resident_id", "household_id", "household_number", "method")
    blank.create(connection, "matching.household_member", select, columns, order="resident_id")
