-- title: 在营市场主体类型
-- purpose: 企业、个体户、合作社各有多少
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 家
-- definition: 登记状态为存续的市场主体，按类型分组
-- level_rule: sum
-- sums_to: enterprises_by_status/1
-- code_set: enterprise_type
with classed as (
    select
        enterprise.community_code,
        coalesce(enterprise.enterprise_type_code, '不详') as category
    from governance.enterprise as enterprise
    where enterprise.enterprise_status_code = '1'
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
