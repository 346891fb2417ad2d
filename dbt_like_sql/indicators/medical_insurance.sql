-- title: 基本医疗保险参保
-- purpose: 应保尽保
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 在册人口中正常参保的，按险种分组
-- level_rule: sum
-- part_of: population
-- code_set: medical_insurance_type
with classed as (
    select
        resident.community_code,
        coalesce(resident.medical_insurance_type_code, '不详') as category
    from governance.resident as resident
    where resident.death_date is null and resident.medical_insurance_status_code = '1'
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
