-- title: 低保家庭变化
-- purpose: 低保家庭里近一年有人去世、或有人经营市场主体的，核对待遇；只提醒，不作认定
-- audience: community
-- grain: one row per living recipient in whose household something has changed
-- columns: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address, subsistence_category_code, change_in_life
-- elements: community_code, community_name, resident_id, name, sex_code, birth_date, phone, dwelling_address, subsistence_category_code, subsistence_certificate_number, death_date, household_id, enterprise_id, enterprise_status_code, operation_role_code
-- masks: full
-- owner: 民政干事
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

    resident.subsistence_category_code,
    changed.change_in_life
from governance.resident as resident
join governance.community as community on community.community_code = resident.community_code
join (
    select
        member.household_id,
        concat_ws(
            '；',
            max(case
                when member.death_date > today.business_date - interval '1' year then '近一年家中有人去世'
            end),
            max(case when enterprise.enterprise_status_code = '1' then '家中有人经营市场主体' end)
        ) as change_in_life
    from governance.resident as member
    cross join standard.business_day as today
    left join governance.operation as operation
        on operation.resident_id = member.resident_id and operation.operation_role_code in ('1', '2')
    left join governance.enterprise as enterprise on enterprise.enterprise_id = operation.enterprise_id
    group by member.household_id
) as changed on changed.household_id = resident.household_id and changed.change_in_life <> ''
where resident.death_date is null
    and coalesce(resident.subsistence_category_code, resident.subsistence_certificate_number) is not null
order by community.community_code, resident.household_id, resident.resident_id
