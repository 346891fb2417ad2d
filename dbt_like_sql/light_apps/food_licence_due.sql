-- title: 食品许可到期提醒
-- purpose: 到期前九十天提醒店主换证；已过期的排在前面
-- audience: community
-- grain: one row per open business whose food licence has expired or expires within ninety days
-- columns: community_code, community_name, enterprise_id, enterprise_name, legal_representative_name, phone, business_address, food_licence_number, food_business_code, food_licence_expiry_date
-- elements: community_code, community_name, enterprise_id, enterprise_name, legal_representative_name, phone, business_address, food_licence_number, food_business_code, food_licence_expiry_date, enterprise_status_code
-- masks: check
-- owner: 食品安全包保干部
-- version: 1
-- view: reminder
select
    community.community_code,
    community.community_name,
    enterprise.enterprise_id,

    enterprise.enterprise_name,
    enterprise.legal_representative_name,
    enterprise.phone,
    enterprise.business_address,

    enterprise.food_licence_number,
    enterprise.food_business_code,
    enterprise.food_licence_expiry_date
from governance.enterprise as enterprise
join governance.community as community on community.community_code = enterprise.community_code
cross join standard.business_day as today
where enterprise.enterprise_status_code = '1'
    and enterprise.food_licence_expiry_date <= today.business_date + interval '90' day
order by community.community_code, enterprise.food_licence_expiry_date, enterprise.enterprise_id
