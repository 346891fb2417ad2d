-- title: 门的坐标
-- purpose: 每个有坐标的门一行；坐标来自不动产登记，同一幢楼的门在一处，其余没有登记的不推测
-- audience: analyst
-- grain: one row per door whose position a register knows
-- columns: address_id, community_code, longitude, latitude, position_basis_code, source_date
with stated as (
    select
        spelling.address_id,
        candidate.property_longitude as longitude,
        candidate.property_latitude as latitude,
        candidate.record_date,
        candidate.record_id
    from matching.resident_candidate as candidate
    join matching.address_spelling as spelling
        on spelling.written = candidate.property_address and spelling.stated_code = '' and not spelling.is_gate
    where candidate.property_longitude between 73 and 136 and candidate.property_latitude between 3 and 54
),

ranked as (
    select *, row_number() over (partition by address_id order by record_date desc, record_id) as place from stated
),

own as (
    select ranked.address_id, ranked.longitude, ranked.latitude, ranked.record_date
    from ranked
    where ranked.place = 1
),

building as (
    select
        address_id,
        community_code,
        case
            when building_number is not null
                then coalesce(community_code, '') || '|' || coalesce(street_name, '') || '|' || coalesce(door_number, '')
                    || '|' || coalesce(estate_name, '') || '|' || building_number
        end as building_key
    from governance.standard_address
),

counted as (
    select
        building.building_key, own.longitude, own.latitude,
        count(*) as doors, max(own.record_date) as record_date
    from own
    join building on building.address_id = own.address_id
    where building.building_key is not null
    group by building.building_key, own.longitude, own.latitude
),

of_building as (
    select
        *,
        row_number() over (
            partition by building_key order by doors desc, record_date desc, longitude, latitude
        ) as place
    from counted
)

select
    building.address_id,
    building.community_code,

    coalesce(own.longitude, other.longitude) as longitude,
    coalesce(own.latitude, other.latitude) as latitude,
    case when own.address_id is not null then '1' else '2' end as position_basis_code,

    coalesce(own.record_date, other.record_date) as source_date
from building
left join own on own.address_id = building.address_id
left join of_building as other on other.building_key = building.building_key and other.place = 1
where coalesce(own.address_id, other.building_key) is not null
order by building.address_id
