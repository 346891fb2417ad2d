-- title: 市场主体记录（归并用）
-- purpose: 归并需要的列和比对键，一种形状
-- audience: pipeline
-- grain: one row per source record of an enterprise
-- columns: record_id, system, department, first_landed, record_date, is_current, unified_social_credit_code, unified_social_credit_code_raw, registration_number, enterprise_name, legal_representative_name, legal_representative_citizen_id, phone, address_key, community_code, content_mark
with typed as (
    select
        record_id,
        organisation_code(unified_social_credit_code_raw) as organisation_code,
        registration_number
    from standard.enterprise_record
    where unified_social_credit_code is null
),

by_organisation as (
    select substr(unified_social_credit_code, 9, 9) as organisation_code, min(unified_social_credit_code) as code
    from standard.enterprise_record
    where unified_social_credit_code is not null
    group by substr(unified_social_credit_code, 9, 9)
    having count(distinct unified_social_credit_code) = 1
),

by_registration as (
    -- some record has both: the old number became this code
    select registration_number, min(unified_social_credit_code) as code
    from standard.enterprise_record
    where
        unified_social_credit_code is not null
        and regexp_matches(registration_number, '^[0-9]{15}$')
        and not is_filler(registration_number)
    group by registration_number
    having count(distinct unified_social_credit_code) = 1
)

select
    record.record_id,
    record.system,
    record.department,
    record.first_landed,
    coalesce(record.record_updated_date, record.landed_date) as record_date,
    record.is_current,
    -- what it goes by: its code; else the code its organisation code or its old number is part of
    coalesce(
        record.unified_social_credit_code, by_organisation.code, typed.organisation_code, by_registration.code
    ) as unified_social_credit_code,
    record.unified_social_credit_code_raw,
    record.registration_number,
    record.enterprise_name,
    record.legal_representative_name,
    record.legal_representative_citizen_id,
    record.phone,
    address_key(record.business_address) as address_key,
    record.community_code,

    -- what matching reads, in one number: made once here, so that a day finds what changed by comparing numbers
    content_mark(row(record.is_current), [
        record.record_id,
        record.system,
        record.first_landed,
        record.unified_social_credit_code,
        by_organisation.code,
        typed.organisation_code,
        by_registration.code,
        record.unified_social_credit_code_raw,
        record.registration_number,
        record.enterprise_name,
        record.legal_representative_name,
        record.legal_representative_citizen_id,
        record.phone,
        record.business_address,
        record.community_code
    ]) as content_mark
from standard.enterprise_record as record
left join typed on typed.record_id = record.record_id
left join by_organisation on by_organisation.organisation_code = typed.organisation_code
left join by_registration on by_registration.registration_number = typed.registration_number
