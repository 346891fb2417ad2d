-- title: 户
-- purpose: 每户一行，户主、地址和人数由成员得出
-- audience: analyst
-- grain: one row per household with at least one living member
-- columns: household_id, household_number, head_resident_id, household_address, community_code, member_count, elderly_member_count, minor_member_count, is_living_alone, is_subsistence_household, source_date
with counted as (
    select
        living.household_id,
        -- who stands first: the registered head; else who applied, else the eldest
        min(concat(
            case living.family_relation_code when '02' then '0' when '01' then '1' else '2' end,
            coalesce(cast(living.birth_date as varchar), '9999-99-99'),
            living.resident_id
        )) as first_member,
        count(*) as member_count,
        sum(case when living.birth_date <= today.business_date - interval '60' year then 1 else 0 end) as elderly_member_count,
        sum(case when living.birth_date > today.business_date - interval '18' year then 1 else 0 end) as minor_member_count,
        max(case
            when coalesce(living.subsistence_category_code, living.subsistence_certificate_number) is not null then 1
            else 0
        end) = 1 as is_subsistence_household,
        max(living.source_date) as source_date
    from governance.resident as living
    cross join standard.business_day as today
    where living.death_date is null
    group by living.household_id
)

select
    counted.household_id,
    member.household_number,
    head.resident_id as head_resident_id,
    coalesce(head.dwelling_address, head.registered_address) as household_address,
    head.community_code,

    counted.member_count,
    cast(counted.elderly_member_count as bigint) as elderly_member_count,
    cast(counted.minor_member_count as bigint) as minor_member_count,
    counted.member_count = 1 as is_living_alone,
    counted.is_subsistence_household,

    counted.source_date
from counted
join governance.resident as head on head.resident_id = substr(counted.first_member, 12)
-- a household has one number, whichever of its members one asks
join matching.household_member as member on member.resident_id = head.resident_id
order by counted.household_id
