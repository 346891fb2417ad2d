-- title: 退役军人关爱
-- purpose: 优先走访年老、独居、残疾的退役军人
-- audience: community
-- grain: one row per veteran aged 60 or over, living alone or disabled
-- columns: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address, is_veteran, preferential_treatment_code, is_living_alone, disability_grade_code
-- elements: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address, is_veteran, preferential_treatment_code, is_living_alone, disability_grade_code, disability_type_code, death_date, household_id
-- masks: full
-- owner: 退役军人服务站
-- version: 2
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

    resident.is_veteran,
    resident.preferential_treatment_code,
    household.is_living_alone,
    resident.disability_grade_code
from governance.resident as resident
join governance.community as community on community.community_code = resident.community_code
left join governance.household as household on household.household_id = resident.household_id
cross join standard.business_day as today
where resident.death_date is null
    and resident.is_veteran
    and (
        resident.birth_date <= today.business_date - interval '60' year
        or household.is_living_alone
        or coalesce(resident.disability_grade_code, resident.disability_type_code) is not null
    )
order by community.community_code, resident.birth_date, resident.resident_id
