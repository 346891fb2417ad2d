-- title: 慢病随访超期
-- purpose: 高血压、糖尿病患者三个月没有随访、或者没有随访记录的，提醒家庭医生
-- audience: community
-- grain: one row per patient not followed up for ninety days, as far as anybody recorded, or ever
-- columns: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address, has_hypertension, has_diabetes, last_follow_up_date
-- elements: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address, has_hypertension, has_diabetes, last_follow_up_date, death_date
-- masks: full
-- owner: 家庭医生团队
-- version: 2
-- view: reminder
select
    community.community_code,
    community.community_name,
    resident.resident_id,

    resident.name,
    resident.sex_code,
    resident.birth_date,
    resident.phone,
    resident.dwelling_address,

    resident.has_hypertension,
    resident.has_diabetes,
    resident.last_follow_up_date
from governance.resident as resident
join governance.community as community on community.community_code = resident.community_code
cross join standard.business_day as today
where resident.death_date is null
    and (resident.has_hypertension or resident.has_diabetes)
    and (
        resident.last_follow_up_date is null
        or resident.last_follow_up_date < today.business_date - interval '90' day
    )
order by community.community_code, resident.last_follow_up_date nulls first, resident.resident_id
