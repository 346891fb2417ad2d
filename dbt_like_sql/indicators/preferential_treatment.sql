-- title: 优抚对象
-- purpose: 抚恤补助核对
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 在册人口中的优抚对象，按类别分组；不含一般退役军人
-- level_rule: sum
-- part_of: population
-- code_set: preferential_treatment
select
    resident.community_code,
    resident.preferential_treatment_code as category,
    count(*) as value
from governance.resident as resident
where resident.death_date is null and resident.preferential_treatment_code <> '9'
group by resident.community_code, resident.preferential_treatment_code
