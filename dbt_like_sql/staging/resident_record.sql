-- title: 人员记录（归并用）
-- purpose: 归并需要的列和比对键，一种形状
-- audience: pipeline
-- grain: one row per source record of a resident
-- columns: record_id, system, department, first_landed, record_date, is_current, citizen_id, citizen_id_raw, other_document_number, name, name_reading, sex_code, birth_date, phone, dwelling_key, registered_key, property_key, guardian_phone, family_number, family_relation_code, community_code
select
    record.record_id,
    record.system,
    record.department,
    record.first_landed,
    coalesce(record.record_updated_date, record.landed_date) as record_date,
    record.is_current,
    record.citizen_id,
    record.citizen_id_raw,
    record.other_document_number,
    record.name,
    name_reading.reading as name_reading,
    record.sex_code,
    record.birth_date,
    record.phone,
    address_key(record.dwelling_address) as dwelling_key,
    address_key(record.registered_address) as registered_key,
    address_key(record.property_address) as property_key,
    record.guardian_phone,
    coalesce(record.household_number, record.subsistence_certificate_number) as family_number,
    record.family_relation_code,
    record.community_code
from standard.resident_record as record
left join standard.name_reading as name_reading on name_reading.name = record.name
order by record.record_id
