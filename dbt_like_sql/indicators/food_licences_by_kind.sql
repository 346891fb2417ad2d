-- title: 食品经营许可业态
-- purpose: 食品安全包保
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 家
-- definition: 有食品经营许可的在营市场主体，按业态分组
-- level_rule: sum
-- part_of: enterprises_by_status/1
-- code_set: food_business
with classed as (
    select
        enterprise.community_code,
        coalesce(enterprise.food_business_code, '不详') as category
    from governance.enterprise as enterprise
    where enterprise.enterprise_status_code = '1' and enterprise.food_licence_number is not null
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
