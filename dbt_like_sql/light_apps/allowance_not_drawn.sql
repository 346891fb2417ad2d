-- title: 高龄津贴应享未享
-- purpose: 政策找人：年满八十周岁、发放名册上没有的，上门帮着申请
-- audience: community
-- grain: one row per resident aged 80 or over who draws no elderly allowance
-- columns: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address
-- elements: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address, death_date, elderly_allowance_monthly_cny
-- masks: full
-- owner: 社区
-- version: 1
-- view: list
select
    community.community_code,
    community.community_name,
    resident.resident_id,

    resident.name,
    resident.sex_code,
    resident.birth_date,
    resident.phone,
    resident.dwelling_address
from governance.resident as resident
join governance.community as community on community.community_code = resident.community_code
cross join standard.business_day as today
where resident.death_date is null
    and resident.elderly_allowance_monthly_cny is null
    and resident.birth_date <= today.business_date - interval '80' year
order by community.community_code, resident.birth_date, resident.resident_id
