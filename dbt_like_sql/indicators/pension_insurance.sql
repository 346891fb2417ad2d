-- title: 养老保险参保
-- purpose: 应保尽保
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 在册人口中有养老保险登记的，按参保状态分组
-- level_rule: sum
-- part_of: population
-- code_set: pension_status
with classed as (
    select
        resident.community_code,
        coalesce(resident.pension_status_code, '不详') as category
    from governance.resident as resident
    where resident.death_date is null
        and (resident.pension_status_code is not null or resident.pension_joined_date is not null)
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
