-- title: 市场主体底册
-- purpose: 社区掌握本社区有哪些企业和个体户、证照是否齐全，走访和安全检查时使用
-- audience: community
-- grain: one row per enterprise placed in a community
-- columns: community_code, community_name, enterprise_id, unified_social_credit_code, enterprise_name, enterprise_type_code, enterprise_status_code, legal_representative_name, phone, business_address, registered_capital_cny, established_date, business_scope, food_licence_number, food_business_code, food_licence_expiry_date, system_count, source_systems, source_date
select
    community.community_code,
    community.community_name,
    enterprise.enterprise_id,
    enterprise.unified_social_credit_code,
    enterprise.enterprise_name,
    enterprise.enterprise_type_code,
    enterprise.enterprise_status_code,
    enterprise.legal_representative_name,
    enterprise.phone,
    enterprise.business_address,

    enterprise.registered_capital_cny,
    enterprise.established_date,
    enterprise.business_scope,
    enterprise.food_licence_number,
    enterprise.food_business_code,
    enterprise.food_licence_expiry_date,

    enterprise.system_count,
    enterprise.source_systems,
    enterprise.source_date
from governance.enterprise as enterprise
join governance.community as community on community.community_code = enterprise.community_code
order by community.community_code, enterprise.enterprise_id
