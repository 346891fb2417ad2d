-- title: 高龄津贴应享未享
-- purpose: 政策找人：户籍在本地、年满八十周岁、发放名册上没有的，上门帮着申请
-- audience: community
-- grain: one row per resident aged 80 or over, not of the floating population, who draws no elderly allowance
-- columns: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address
-- elements: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address, death_date, elderly_allowance_monthly_cny, elderly_allowance_start_date, tag_code
-- masks: full
-- owner: 社区
-- version: 3
-- view: list
with guest as (
    -- the allowance is paid where one is registered
    select tag.resident_id from governance.tag as tag where tag.tag_code = 'floating_population'
)

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
left join guest on guest.resident_id = resident.resident_id
where resident.death_date is null
    and guest.resident_id is null
    and resident.elderly_allowance_monthly_cny is null
    and resident.elderly_allowance_start_date is null
    and resident.birth_date <= today.business_date - interval '80' year
order by community.community_code, resident.birth_date, resident.resident_id
