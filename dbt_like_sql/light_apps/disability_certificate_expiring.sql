-- title: 残疾人证到期提醒
-- purpose: 证件到期前两个月提醒换证，免得两项补贴停发
-- audience: community
-- grain: one row per holder of a certificate that has expired or expires within sixty days
-- columns: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address, disability_type_code, disability_grade_code, disability_expiry_date
-- elements: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address, disability_type_code, disability_grade_code, disability_expiry_date, death_date, entity_id
-- masks: full
-- owner: 社区
-- version: 1
-- view: reminder
select
    community.community_code,
    community.community_name,
    resident.resident_id,

    resident.name,
    resident.sex_code,
    resident.birth_date,
    resident.phone,
    resident.dwelling_address,

    resident.disability_type_code,
    resident.disability_grade_code,
    certificate.disability_expiry_date
from governance.resident as resident
join governance.community as community on community.community_code = resident.community_code
join matching.resident_golden as certificate on certificate.entity_id = resident.resident_id
cross join standard.business_day as today
where resident.death_date is null
    and certificate.disability_expiry_date <= today.business_date + interval '60' day
order by community.community_code, certificate.disability_expiry_date, resident.resident_id
