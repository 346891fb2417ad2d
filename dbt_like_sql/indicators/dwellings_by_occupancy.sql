-- title: 住房居住人数
-- purpose: 群租和空置各有多少
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 处
-- definition: 住房按现在居住的人数分组
-- level_rule: sum
-- sums_to: dwellings
with classed as (
    select
        dwelling.community_code,
        case
            when dwelling.living_count = 0 then '0人'
            when dwelling.living_count <= 2 then '1—2人'
            when dwelling.living_count <= 5 then '3—5人'
            else '6人及以上'
        end as category
    from governance.dwelling as dwelling
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
