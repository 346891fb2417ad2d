-- title: 案件结案率
-- purpose: 办结情况
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value, base
-- unit: %
-- definition: 结案的占城市管理案件的百分比
-- level_rule: ratio
-- numerator: cases_by_status/3
-- denominator: cases_by_status
select
    city_case.community_code,
    '' as category,
    count(case when city_case.case_status_code = '3' then 1 end) as value,
    count(*) as base
from governance.city_case as city_case
group by city_case.community_code
