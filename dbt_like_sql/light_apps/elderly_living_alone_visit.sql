-- title: 独居老人走访
-- purpose: 每月上门看望独居老人，先去年纪大的
-- audience: community
-- grain: one row per resident aged 60 or over who lives alone
-- columns: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address
-- elements: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address, death_date, household_id, is_living_alone
-- masks: check
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
join governance.household as household on household.household_id = resident.household_id
cross join standard.business_day as today
where resident.death_date is null
    and household.is_living_alone
    and resident.birth_date <= today.business_date - interval '60' year
order by community.community_code, resident.birth_date, resident.resident_id
