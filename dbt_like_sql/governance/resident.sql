-- title: 人员
-- purpose: 每个自然人一行，各数据元按取值规则取一个值
-- audience: analyst
-- grain: one row per resident held by at least one system
-- materialized: view
-- columns: resident_id, household_id, citizen_id, other_document_number, identity_document_type_code, name, sex_code, birth_date, ethnic_group_code, marital_status_code, death_date, phone, family_relation_code, registered_address, dwelling_address, community_code, subsistence_certificate_number, subsistence_category_code, subsistence_monthly_cny, subsistence_start_date, pension_status_code, pension_joined_date, pension_monthly_cny, has_hypertension, has_diabetes, blood_type_code, last_follow_up_date, elderly_allowance_monthly_cny, elderly_allowance_start_date, medical_insurance_type_code, medical_insurance_status_code, disability_type_code, disability_grade_code, preferential_treatment_code, is_veteran, school_name, school_grade, guardian_name, guardian_phone, record_count, system_count, source_systems, source_date
select
    golden.entity_id as resident_id,
    golden.household_id,
    golden.citizen_id,
    golden.other_document_number,
    identity_document_type(coalesce(golden.citizen_id, golden.other_document_number)) as identity_document_type_code,
    golden.name,
    coalesce(golden.sex_code, citizen_id_sex_code(golden.citizen_id)) as sex_code,
    coalesce(golden.birth_date, citizen_id_birth_date(golden.citizen_id)) as birth_date,
    golden.ethnic_group_code,
    golden.marital_status_code,
    golden.death_date,

    golden.phone,
    golden.family_relation_code,
    golden.registered_address,
    golden.dwelling_address,
    golden.community_code,

    golden.subsistence_certificate_number,
    golden.subsistence_category_code,
    golden.subsistence_monthly_cny,
    golden.subsistence_start_date,
    golden.pension_status_code,
    golden.pension_joined_date,
    golden.pension_monthly_cny,
    golden.has_hypertension,
    golden.has_diabetes,
    golden.blood_type_code,
    golden.last_follow_up_date,

    golden.elderly_allowance_monthly_cny,
    golden.elderly_allowance_start_date,
    golden.medical_insurance_type_code,
    golden.medical_insurance_status_code,
    golden.disability_type_code,
    golden.disability_grade_code,
    golden.preferential_treatment_code,
    golden.veteran_number is not null
        and coalesce(golden.preferential_treatment_code, '9') not in ('6', '7') as is_veteran,
    golden.school_name,
    golden.school_grade,
    golden.guardian_name,
    golden.guardian_phone,

    golden.record_count,
    golden.system_count,
    golden.source_systems,
    golden.source_date
from matching.resident_golden as golden
