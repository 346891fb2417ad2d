-- title: 新生儿访视
-- purpose: 产后访视和预防接种：不满一周岁的孩子和家里的电话
-- audience: community
-- grain: one row per child under one year
-- columns: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address, head_name, head_phone
-- elements: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address, death_date, household_id, head_resident_id
-- masks: check
-- declares: minors
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
    resident.dwelling_address,

    head.name as head_name,
    head.phone as head_phone
from governance.resident as resident
join governance.community as community on community.community_code = resident.community_code
cross join standard.business_day as today
left join governance.household as household on household.household_id = resident.household_id
left join governance.resident as head on head.resident_id = household.head_resident_id
where resident.death_date is null
    and resident.birth_date > today.business_date - interval '1' year
order by community.community_code, resident.birth_date desc, resident.resident_id
