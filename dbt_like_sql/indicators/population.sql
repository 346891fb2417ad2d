-- title: 在册人口
-- purpose: 社区有多少人
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 至少一个部门系统里有、没有死亡登记的自然人
-- level_rule: sum
select
    resident.community_code,
    '' as category,
    count(*) as value
from governance.resident as resident
where resident.death_date is null
group by resident.community_code
