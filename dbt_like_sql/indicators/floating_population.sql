-- title: 流动人口
-- purpose: 公共服务向常住人口覆盖
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 公安居住登记上有、本地户籍登记上没有的在册人口
-- level_rule: sum
-- part_of: population
select
    resident.community_code,
    '' as category,
    count(*) as value
from governance.tag as tag
join governance.resident as resident on resident.resident_id = tag.resident_id
where tag.tag_code = 'floating_population' and resident.death_date is null
group by resident.community_code
