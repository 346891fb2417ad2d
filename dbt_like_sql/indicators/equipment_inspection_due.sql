-- title: 特种设备检验到期
-- purpose: 到期前提醒报检
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 台
-- definition: 在用的特种设备，按离下次检验的天数分组
-- level_rule: sum
-- sums_to: equipment_by_status/1
with classed as (
    select
        equipment.community_code,
        case
            when equipment.next_inspection_date is null then '日期不详'
            when equipment.next_inspection_date < today.business_date then '已过期'
            when equipment.next_inspection_date <= today.business_date + interval '30' day then '30天内到期'
            when equipment.next_inspection_date <= today.business_date + interval '90' day then '31—90天到期'
            else '90天以后到期'
        end as category
    from governance.special_equipment as equipment
    cross join standard.business_day as today
    where equipment.equipment_status_code = '1'
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
