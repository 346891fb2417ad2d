-- title: 待核实数据项
-- purpose: 社区要核实的数据有多少、要不要紧
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 项
-- definition: 各部门说法不一或存疑、请社区核实的数据项，按要紧程度分组
-- level_rule: sum
-- code_set: harm
with classed as (
    select
        to_verify.community_code,
        coalesce(to_verify.harm_code, '不详') as category
    from returned.to_verify as to_verify
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
