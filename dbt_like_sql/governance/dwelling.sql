-- title: 房屋
-- purpose: 每处住房一行，在住、户籍、产权各有谁，按现有记录有没有人住
-- audience: analyst
-- grain: one row per door at which somebody lives, is registered or owns
-- columns: address_id, community_code, living_count, household_count, registered_count, owner_count, owner_names, is_vacant, source_date
with present as (
    select
        residence.address_id,
        residence.residence_kind_code as kind,
        resident.household_id,
        resident.name,
        resident.source_date,
        -- registered here, and nobody says where this resident lives
        residence.residence_kind_code = '1' and resident.dwelling_address is null as may_live_here
    from governance.residence as residence
    join governance.resident as resident on resident.resident_id = residence.resident_id
),

counted as (
    select
        address_id,
        count(case when kind = '2' then 1 end) as living_count,
        count(distinct case when kind = '2' then household_id end) as household_count,
        count(case when kind = '1' then 1 end) as registered_count,
        max(case when kind = '2' or may_live_here then 1 else 0 end) = 0 as is_vacant,
        max(source_date) as source_date
    from present
    group by address_id
),

owned as (
    select address_id, count(*) as owner_count, string_agg(name, '、' order by name) as owner_names
    from present
    where kind = '3'
    group by address_id
)

select
    counted.address_id,
    address.community_code,

    counted.living_count,
    counted.household_count,
    counted.registered_count,
    coalesce(owned.owner_count, 0) as owner_count,
    owned.owner_names,
    counted.is_vacant,

    counted.source_date
from counted
join governance.standard_address as address on address.address_id = counted.address_id
left join owned on owned.address_id = counted.address_id
order by counted.address_id
