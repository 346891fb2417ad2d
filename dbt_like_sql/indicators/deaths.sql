-- title: 近一年死亡
-- purpose: 待遇停发、户籍注销核对
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 死亡日期在业务日期前一年以内的人，按生前所属社区
-- level_rule: sum
select
    resident.community_code,
    '' as category,
    count(*) as value
from governance.resident as resident
cross join standard.business_day as today
where resident.death_date > today.business_date - interval '1' year
group by resident.community_code
