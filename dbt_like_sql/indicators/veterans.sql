-- title: 退役军人
-- purpose: 退役军人服务保障
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 在册人口中退役军人事务部门建档的退役军人
-- level_rule: sum
-- part_of: population
select
    resident.community_code,
    '' as category,
    count(*) as value
from governance.resident as resident
where resident.death_date is null and resident.is_veteran
group by resident.community_code
