-- title: 城市管理案件大类
-- purpose: 哪类事多
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 件
-- definition: 系统里现有的城市管理案件，按大类分组
-- level_rule: sum
-- sums_to: cases_by_status
with classed as (
    select
        city_case.community_code,
        -- what a system wrote is no path of ours
        coalesce(translate(city_case.case_category, '/', '／'), '不详') as category
    from governance.city_case as city_case
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
