-- title: 户
-- purpose: 每户一行，户主、地址和人数由成员得出
-- audience: analyst
-- grain: one row per household with at least one living member
-- columns: household_id, household_number, head_resident_id, household_address, community_code, member_count, elderly_member_count, minor_member_count, is_living_alone, is_subsistence_household, source_date
with living as (
    select resident.*, member.household_number
    from governance.resident as resident
    join matching.household_member as member on member.resident_id = resident.resident_id
    where resident.death_date is null
),

head as (
    -- the registered head; else who applied, else the eldest
    select
        household_id,
        resident_id,
        community_code,
        coalesce(dwelling_address, registered_address) as household_address,
        row_number() over (
            partition by household_id
            order by case family_relation_code when '02' then 0 when '01' then 1 else 2 end, birth_date, resident_id
        ) as place
    from living
),

counted as (
    select
        living.household_id,
        max(living.household_number) as household_number,
        count(*) as member_count,
        sum(case when living.birth_date <= today.business_date - interval '60' year then 1 else 0 end) as elderly_member_count,
        sum(case when living.birth_date > today.business_date - interval '18' year then 1 else 0 end) as minor_member_count,
        max(case when living.subsistence_category_code is not null then 1 else 0 end) = 1 as is_subsistence_household,
        max(living.source_date) as source_date
    from living
    cross join standard.business_day as today
    group by living.household_id
)

select
    counted.household_id,
    counted.household_number,
    head.resident_id as head_resident_id,
    head.household_address,
    head.community_code,

    counted.member_count,
    cast(counted.elderly_member_count as bigint) as elderly_member_count,
    cast(counted.minor_member_count as bigint) as minor_member_count,
    counted.member_count = 1 as is_living_alone,
    counted.is_subsistence_household,

    counted.source_date
from counted
join head on head.household_id = counted.household_id and head.place = 1
order by counted.household_id
