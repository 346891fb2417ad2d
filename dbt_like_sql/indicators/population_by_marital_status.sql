-- title: 人口婚姻状况
-- purpose: 婚姻家庭工作底数
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 在册人口按婚姻状况分组；各系统都没有登记的为不详
-- level_rule: sum
-- sums_to: population
-- code_set: marital_status
with classed as (
    select
        resident.community_code,
        coalesce(resident.marital_status_code, '不详') as category
    from governance.resident as resident
    where resident.death_date is null
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
