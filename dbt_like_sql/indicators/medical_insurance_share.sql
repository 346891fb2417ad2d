-- title: 医保参保率
-- purpose: 应保尽保
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value, base
-- unit: %
-- definition: 正常参加基本医疗保险的人占在册人口的百分比
-- level_rule: ratio
-- numerator: medical_insurance
-- denominator: population
select
    resident.community_code,
    '' as category,
    count(case when resident.medical_insurance_status_code = '1' then 1 end) as value,
    count(*) as base
from governance.resident as resident
where resident.death_date is null
group by resident.community_code
