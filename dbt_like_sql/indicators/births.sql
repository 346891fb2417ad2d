-- title: 一周岁以内婴儿
-- purpose: 产后访视、预防接种
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 在册人口中不满一周岁的
-- level_rule: sum
-- part_of: population_by_age_and_sex/00—14岁/00—04岁
select
    resident.community_code,
    '' as category,
    count(*) as value
from governance.resident as resident
cross join standard.business_day as today
where resident.death_date is null
    and resident.birth_date > today.business_date - interval '1' year
    and resident.birth_date <= today.business_date
group by resident.community_code
