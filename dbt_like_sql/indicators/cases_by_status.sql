-- title: 城市管理案件状态
-- purpose: 办结情况
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 件
-- definition: 系统里现有的城市管理案件，按状态分组
-- level_rule: sum
-- code_set: case_status
with classed as (
    select
        city_case.community_code,
        coalesce(city_case.case_status_code, '不详') as category
    from governance.city_case as city_case
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
