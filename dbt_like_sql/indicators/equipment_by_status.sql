-- title: 特种设备状态
-- purpose: 特种设备安全
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 台
-- definition: 登记在册的特种设备，按使用状态分组
-- level_rule: sum
-- sums_to: equipment_by_kind
-- code_set: equipment_status
with classed as (
    select
        equipment.community_code,
        coalesce(equipment.equipment_status_code, '不详') as category
    from governance.special_equipment as equipment
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
