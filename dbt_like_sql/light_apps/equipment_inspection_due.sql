-- title: 特种设备检验到期提醒
-- purpose: 电梯、锅炉、叉车检验到期前六十天提醒；已过期的排在前面
-- audience: community
-- grain: one row per piece of equipment in use whose inspection is due within sixty days or overdue
-- columns: community_code, community_name, equipment_id, equipment_kind_code, equipment_certificate_number, enterprise_name, equipment_address, safety_officer_name, phone, next_inspection_date
-- elements: community_code, community_name, equipment_id, equipment_kind_code, equipment_certificate_number, enterprise_id, enterprise_name, equipment_address, safety_officer_name, phone, next_inspection_date, equipment_status_code
-- masks: check
-- owner: 安全网格员
-- version: 1
-- view: reminder
select
    community.community_code,
    community.community_name,
    equipment.equipment_id,

    equipment.equipment_kind_code,
    equipment.equipment_certificate_number,
    enterprise.enterprise_name,
    equipment.equipment_address,
    equipment.safety_officer_name,
    equipment.phone,
    equipment.next_inspection_date
from governance.special_equipment as equipment
join governance.community as community on community.community_code = equipment.community_code
left join governance.enterprise as enterprise on enterprise.enterprise_id = equipment.enterprise_id
cross join standard.business_day as today
where equipment.equipment_status_code = '1'
    and equipment.next_inspection_date <= today.business_date + interval '60' day
order by community.community_code, equipment.next_inspection_date, equipment.equipment_id
