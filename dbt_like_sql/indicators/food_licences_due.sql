-- title: 食品经营许可到期
-- purpose: 到期前提醒换证
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 家
-- definition: 有食品经营许可的在营市场主体，按许可离到期的天数分组
-- level_rule: sum
-- sums_to: food_licences_by_kind
with classed as (
    select
        enterprise.community_code,
        case
            when enterprise.food_licence_expiry_date is null then '日期不详'
            when enterprise.food_licence_expiry_date < today.business_date then '已过期'
            when enterprise.food_licence_expiry_date <= today.business_date + interval '30' day then '30天内到期'
            when enterprise.food_licence_expiry_date <= today.business_date + interval '90' day then '31—90天到期'
            else '90天以后到期'
        end as category
    from governance.enterprise as enterprise
    cross join standard.business_day as today
    where enterprise.enterprise_status_code = '1' and enterprise.food_licence_number is not null
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
