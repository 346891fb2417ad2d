-- title: 高龄津贴领取人
-- purpose: 尊老金发放核对
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 在册人口中正在领取高龄（尊老金）津贴的
-- level_rule: sum
-- part_of: population
select
    resident.community_code,
    '' as category,
    count(*) as value
from governance.tag as tag
join governance.resident as resident on resident.resident_id = tag.resident_id
where tag.tag_code = 'elderly_allowance' and resident.death_date is null
group by resident.community_code
