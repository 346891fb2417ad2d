-- title: 持证残疾人占比
-- purpose: 残疾人服务需求
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value, base
-- unit: %
-- definition: 持残疾人证的人占在册人口的百分比
-- level_rule: ratio
-- numerator: disabled_by_grade
-- denominator: population
select
    resident.community_code,
    '' as category,
    count(case when coalesce(resident.disability_grade_code, resident.disability_type_code) is not null then 1 end) as value,
    count(*) as base
from governance.resident as resident
where resident.death_date is null
group by resident.community_code
