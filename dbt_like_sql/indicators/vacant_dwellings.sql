-- title: 空置住房
-- purpose: 空置房安全巡查
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value
-- unit: 处
-- definition: 没有人的现住址是这个门、户籍在此的人也都另有现住址的住房；只是按记录
-- level_rule: sum
-- part_of: dwellings
select
    dwelling.community_code,
    '' as category,
    count(*) as value
from governance.dwelling as dwelling
where dwelling.is_vacant
group by dwelling.community_code
