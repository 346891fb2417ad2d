-- title: 独居户占比
-- purpose: 独居关爱需求
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value, base
-- unit: %
-- definition: 一人户占户数的百分比
-- level_rule: ratio
-- numerator: households_by_size/1人
-- denominator: households
select
    household.community_code,
    '' as category,
    count(case when household.is_living_alone then 1 end) as value,
    count(*) as base
from governance.household as household
group by household.community_code
