-- title: 人员记录（归并用）
-- purpose: 归并需要的列和比对键，一种形状
-- audience: pipeline
-- grain: one row per source record of a resident
-- columns: record_id, system, department, first_landed, record_date, is_current, citizen_id, invalid_number, other_document_number, name, written_name, name_signs, spoken_name, name_key, surname_key, sex_code, birth_date, number_birth_date, phone, guardian_phone, dwelling_key, dwelling_door, registered_key, registered_door, property_key, property_door, family_number, family_relation_code, community_code, content_mark
with keyed as (
    select
        record.*,
        address_key(record.dwelling_address) as dwelling_key,
        address_key(record.registered_address) as registered_key,
        address_key(record.property_address) as property_key
    from standard.resident_record as record
)
select
    record.record_id,
    record.system,
    record.department,
    record.first_landed,
    coalesce(record.record_updated_date, record.landed_date) as record_date,
    record.is_current,
    record.citizen_id,
    -- what was typed where no valid number was
    case when record.citizen_id is null then typed_number(record.citizen_id_raw) end as invalid_number,
    record.other_document_number,
    record.name,
    name_reading.written as written_name,
    -- where it is not as written: to read a text of every record takes long
    nullif(name_reading.signs, name_reading.written) as name_signs,
    name_reading.spoken as spoken_name,
    name_reading.name_key,
    name_reading.surname_key,
    record.sex_code,
    real_date(record.birth_date) as birth_date,
    citizen_id_birth_date(record.citizen_id) as number_birth_date,
    record.phone,
    record.guardian_phone,
    record.dwelling_key,
    door_number(record.dwelling_key) as dwelling_door,
    record.registered_key,
    door_number(record.registered_key) as registered_door,
    record.property_key,
    door_number(record.property_key) as property_door,
    coalesce(
        case when not is_filler(record.household_number) then record.household_number end,
        case when not is_filler(record.subsistence_certificate_number) then record.subsistence_certificate_number end
    ) as family_number,
    record.family_relation_code,
    record.community_code,

    -- what matching reads, in one number: made once here, so that a day finds what changed by comparing numbers
    content_mark(row(record.is_current, record.birth_date), [
        record.record_id,
        record.system,
        record.first_landed,
        record.citizen_id,
        record.citizen_id_raw,
        record.other_document_number,
        name_reading.written,
        name_reading.signs,
        name_reading.spoken,
        name_reading.name_key,
        name_reading.surname_key,
        record.sex_code,
        record.phone,
        record.guardian_phone,
        record.dwelling_key,
        record.registered_key,
        record.property_key,
        record.household_number,
        record.subsistence_certificate_number,
        record.community_code
    ]) as content_mark
from keyed as record
left join standard.name_reading as name_reading on name_reading.name = record.name
