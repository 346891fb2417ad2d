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
select
    resident.community_code,
    resident.pension_status_code as category,
    count(*) as value
from governance.resident as resident
where resident.death_date is null and resident.pension_status_code is not null
group by resident.community_code, resident.pension_status_code
