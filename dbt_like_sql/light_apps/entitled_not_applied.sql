-- title: 符合条件还没办的事
-- purpose: 免申即享、政策找人：按公布的条件可以办、登记里还没有的，上门问一声、帮着办
-- audience: community
-- grain: one row per resident and service item they may have and do not
-- columns: community_code, community_name, resident_id, name, birth_date, phone, service_item_title
-- elements: community_code, community_name, resident_id, name, birth_date, phone, service_item_code, service_item_title, is_item_held
-- masks: full
-- owner: 社区
-- version: 1
-- view: list
select
    community.community_code,
    community.community_name,
    resident.resident_id,

    resident.name,
    resident.birth_date,
    resident.phone,
    entitlement.service_item_title
from governance.entitlement as entitlement
join governance.resident as resident on resident.resident_id = entitlement.resident_id
join governance.community as community on community.community_code = resident.community_code
where not entitlement.is_item_held
order by community.community_code, entitlement.service_item_code, resident.birth_date, resident.resident_id
