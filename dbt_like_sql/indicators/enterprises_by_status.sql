-- title: 市场主体登记状态
-- purpose: 市场主体总量和存量
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 家
-- definition: 登记过的市场主体，按登记状态分组
-- level_rule: sum
-- code_set: enterprise_status
with classed as (
    select
        enterprise.community_code,
        coalesce(enterprise.enterprise_status_code, '不详') as category
    from governance.enterprise as enterprise
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
