-- title: 学龄未见学籍
-- purpose: 控辍保学走访
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 年满七周岁不满十五周岁、学生花名册上没有找到的在册人口；只供核实，不作认定
-- level_rule: sum
-- part_of: population
select
    resident.community_code,
    '' as category,
    count(*) as value
from governance.tag as tag
join governance.resident as resident on resident.resident_id = tag.resident_id
where tag.tag_code = 'school_age_not_enrolled' and resident.death_date is null
group by resident.community_code
