-- title: 户规模
-- purpose: 独居和大家庭各有多少
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 户
-- definition: 户按在世成员人数分组
-- level_rule: sum
-- sums_to: households
with classed as (
    select
        household.community_code,
        case
            when household.member_count >= 6 then '6人及以上'
            else concat(cast(household.member_count as varchar), '人')
        end as category
    from governance.household as household
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
