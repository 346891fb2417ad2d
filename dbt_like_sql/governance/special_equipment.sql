-- title: 特种设备
-- purpose: 每台设备一行，归哪个市场主体使用、在哪里、下次检验是哪天
-- audience: analyst
-- grain: one row per piece of equipment that is registered now
-- columns: equipment_id, enterprise_id, equipment_certificate_number, equipment_registration_code, equipment_kind_code, equipment_status_code, equipment_address, safety_officer_name, phone, community_code, last_inspection_date, next_inspection_date, source_date
select
    record.record_id as equipment_id,
    link.entity_id as enterprise_id,

    record.equipment_certificate_number,
    record.equipment_registration_code,
    record.equipment_kind_code,
    record.equipment_status_code,
    record.equipment_address,
    record.safety_officer_name,
    record.phone,
    coalesce(record.community_code, enterprise.community_code) as community_code,

    record.last_inspection_date,
    record.next_inspection_date,
    coalesce(record.record_updated_date, record.landed_date) as source_date
from standard.equipment_record as record
left join (
    -- one code is one enterprise: its golden record has it, whichever of its records says so
    select unified_social_credit_code, min(enterprise_id) as entity_id
    from governance.enterprise
    where unified_social_credit_code is not null
    group by unified_social_credit_code
) as link on link.unified_social_credit_code = record.unified_social_credit_code
left join governance.enterprise as enterprise on enterprise.enterprise_id = link.entity_id
where record.is_current
order by record.record_id
