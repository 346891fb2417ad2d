-- title: 独居人口年龄
-- purpose: 独居老人探访关爱
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 户内只有一名在世成员的人按年龄分组
-- level_rule: sum
-- sums_to: households_by_size/1人
with classed as (
    select
        household.community_code,
        case
            when resident.birth_date is null then '年龄不详'
            when resident.birth_date <= today.business_date - interval '80' year then '80岁及以上'
            when resident.birth_date <= today.business_date - interval '60' year then '60—79岁'
            else '不满60岁'
        end as category
    from governance.household as household
    join governance.resident as resident on resident.resident_id = household.head_resident_id
    cross join standard.business_day as today
    where household.is_living_alone
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
