-- title: 持证残疾人等级
-- purpose: 残疾人两项补贴核对
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 在册人口中持残疾人证的，按残疾等级分组
-- level_rule: sum
-- part_of: population
-- code_set: disability_grade
with classed as (
    select
        resident.community_code,
        coalesce(resident.disability_grade_code, '不详') as category
    from governance.resident as resident
    where resident.death_date is null
        and coalesce(resident.disability_grade_code, resident.disability_type_code) is not null
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
