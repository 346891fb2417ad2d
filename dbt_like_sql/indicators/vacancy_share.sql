-- title: 住房空置率
-- purpose: 空置房安全巡查
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value, base
-- unit: %
-- definition: 空置住房占住房处数的百分比；只是按记录
-- level_rule: ratio
-- numerator: vacant_dwellings
-- denominator: dwellings
select
    dwelling.community_code,
    '' as category,
    count(case when dwelling.is_vacant then 1 end) as value,
    count(*) as base
from governance.dwelling as dwelling
group by dwelling.community_code
