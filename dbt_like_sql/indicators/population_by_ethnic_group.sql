-- title: 人口民族构成
-- purpose: 民族工作底数
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 在册人口按汉族和少数民族分组
-- level_rule: sum
-- sums_to: population
with classed as (
    select
        resident.community_code,
        case
            when resident.ethnic_group_code = '01' then '汉族'
            when resident.ethnic_group_code is null then '不详'
            else '少数民族'
        end as category
    from governance.resident as resident
    where resident.death_date is null
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
