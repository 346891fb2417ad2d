-- title: 特种设备种类
-- purpose: 特种设备安全
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 台
-- definition: 登记在册的特种设备，按种类分组
-- level_rule: sum
-- code_set: equipment_kind
with classed as (
    select
        equipment.community_code,
        coalesce(equipment.equipment_kind_code, '不详') as category
    from governance.special_equipment as equipment
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
