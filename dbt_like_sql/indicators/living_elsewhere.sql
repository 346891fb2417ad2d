-- title: 人户分离
-- purpose: 户籍地与居住地不一致，走访找得到人
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 户籍地址不是现在居住的门的在册人口，流动人口在内
-- level_rule: sum
-- part_of: population
select
    resident.community_code,
    '' as category,
    count(*) as value
from governance.tag as tag
join governance.resident as resident on resident.resident_id = tag.resident_id
where tag.tag_code = 'living_elsewhere' and resident.death_date is null
group by resident.community_code
