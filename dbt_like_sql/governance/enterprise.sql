-- title: 市场主体
-- purpose: 每个市场主体一行，登记与许可合在一处
-- audience: analyst
-- grain: one row per enterprise or individual business held by at least one system
-- materialized: view
-- columns: enterprise_id, unified_social_credit_code, registration_number, enterprise_name, enterprise_type_code, enterprise_status_code, legal_representative_name, legal_representative_citizen_id, phone, business_address, community_code, registered_capital_cny, established_date, business_scope, food_licence_number, food_business_code, food_licence_issued_date, food_licence_expiry_date, record_count, system_count, source_systems, source_date
select
    golden.entity_id as enterprise_id,
    golden.unified_social_credit_code,
    golden.registration_number,
    golden.enterprise_name,
    golden.enterprise_type_code,
    golden.enterprise_status_code,
    golden.legal_representative_name,
    golden.legal_representative_citizen_id,

    golden.phone,
    golden.business_address,
    golden.community_code,

    golden.registered_capital_cny,
    golden.established_date,
    golden.business_scope,
    golden.food_licence_number,
    golden.food_business_code,
    golden.food_licence_issued_date,
    golden.food_licence_expiry_date,

    golden.record_count,
    golden.system_count,
    golden.source_systems,
    golden.source_date
from matching.enterprise_golden as golden
