-- title: 离便民服务站太远的门
-- purpose: 上门办、流动服务先去哪里：住着人、到最近的便民服务站或镇街中心步行要一刻钟以上的门
-- audience: community
-- grain: one row per door at which somebody lives and from which no desk is within 865 m as the crow flies
-- columns: community_code, community_name, address_id, standard_address, living_count
-- elements: community_code, community_name, address_id, standard_address, living_count, longitude, latitude, service_point_id, service_point_kind_code, service_point_longitude, service_point_latitude, opening_hours
-- masks: check
-- owner: 便民服务站
-- version: 1
-- view: list
with door as (
    select
        position.address_id,
        left(position.community_code, 6) as county,
        position.longitude,
        position.latitude,
        floor(position.latitude * 100) as band
    from governance.address_position as position
),

nearby as (
    select -1 as bands union all select 0 union all select 1
),

-- a desk is compared with the doors of its own band of a hundredth of a degree (1.1 km) and of the two beside it
desk as (
    select
        point.service_point_id,
        left(point.community_code, 6) as county,
        point.service_point_longitude,
        point.service_point_latitude,
        floor(point.service_point_latitude * 100) + nearby.bands as band
    from governance.service_point as point
    cross join nearby
    where point.service_point_kind_code in ('2', '3')
        and point.opening_hours is not null
        and point.service_point_longitude is not null
),

-- 865 m: a quarter of an hour at 4.5 km/h, with 1.3 m walked for a metre as the crow flies
reached as (
    select distinct door.address_id
    from door
    join desk on desk.county = door.county and desk.band = door.band
    where power((desk.service_point_latitude - door.latitude) * 111195, 2)
        + power((desk.service_point_longitude - door.longitude) * 111195 * cos(radians(door.latitude)), 2)
        <= 865 * 865
)

select
    community.community_code,
    community.community_name,

    dwelling.address_id,
    address.standard_address,
    dwelling.living_count
from door
join governance.dwelling as dwelling on dwelling.address_id = door.address_id
join governance.community as community on community.community_code = dwelling.community_code
join governance.standard_address as address on address.address_id = door.address_id
left join reached on reached.address_id = door.address_id
where reached.address_id is null and dwelling.living_count > 0
order by community.community_code, dwelling.living_count desc, dwelling.address_id
