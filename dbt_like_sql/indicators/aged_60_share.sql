-- title: 老龄化率
-- purpose: 人口老龄化程度
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value, base
-- unit: %
-- definition: 60周岁及以上人口占在册人口的百分比
-- level_rule: ratio
-- numerator: population_by_age_and_sex/60岁及以上
-- denominator: population
select
    resident.community_code,
    '' as category,
    count(case when resident.birth_date <= today.business_date - interval '60' year then 1 end) as value,
    count(*) as base
from governance.resident as resident
cross join standard.business_day as today
where resident.death_date is null
group by resident.community_code
