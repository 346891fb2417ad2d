-- title: 经营食品未见许可
-- purpose: 经营范围有食品销售或餐饮、许可库里没有的店，上门看看；只销售预包装食品的备案即可
-- audience: community
-- grain: one row per open business whose scope names food or catering and which holds no licence
-- columns: community_code, community_name, enterprise_id, enterprise_name, legal_representative_name, phone, business_address, business_scope
-- elements: community_code, community_name, enterprise_id, enterprise_name, legal_representative_name, phone, business_address, business_scope, enterprise_status_code, food_licence_number
-- masks: check
-- owner: 食品安全包保干部
-- version: 1
-- view: list
select
    community.community_code,
    community.community_name,
    enterprise.enterprise_id,

    enterprise.enterprise_name,
    enterprise.legal_representative_name,
    enterprise.phone,
    enterprise.business_address,

    enterprise.business_scope
from governance.enterprise as enterprise
join governance.community as community on community.community_code = enterprise.community_code
where enterprise.enterprise_status_code = '1'
    and enterprise.food_licence_number is null
    and (
        enterprise.business_scope like '%食品销售%'
        or enterprise.business_scope like '%食品零售%'
        or enterprise.business_scope like '%餐饮服务%'
    )
order by community.community_code, enterprise.enterprise_name, enterprise.enterprise_id
