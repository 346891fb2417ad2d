-- title: 市场主体记录（归并用）
-- purpose: 归并需要的列和比对键，一种形状
-- audience: pipeline
-- grain: one row per source record of an enterprise
-- columns: record_id, system, department, first_landed, record_date, is_current, unified_social_credit_code, unified_social_credit_code_raw, registration_number, enterprise_name, legal_representative_name, legal_representative_citizen_id, phone, address_key, community_code
select
    record.record_id,
    record.system,
    record.department,
    record.first_landed,
    coalesce(record.record_updated_date, record.landed_date) as record_date,
    record.is_current,
    record.unified_social_credit_code,
    record.unified_social_credit_code_raw,
    record.registration_number,
    record.enterprise_name,
    record.legal_representative_name,
    record.legal_representative_citizen_id,
    record.phone,
    address_key(record.business_address) as address_key,
    record.community_code
from standard.enterprise_record as record
order by record.record_id
