-- title: 服务网点
-- purpose: 每个办事的地方一行：在哪里、几点开门、有没有台阶、哪些事不办
-- audience: analyst
-- grain: one row per service point that the system lists now
-- columns: service_point_id, service_point_code, service_point_name, service_point_kind_code, community_code, service_point_longitude, service_point_latitude, is_step_free, opening_hours, items_not_handled, source_date
with bounded as (
    -- a longitude and a latitude that were swapped are no position
    select
        *,
        service_point_longitude between 73 and 136 and service_point_latitude between 3 and 54 as is_position
    from standard.service_point_record
    where is_current
)

select
    point.record_id as service_point_id,
    point.service_point_code,
    point.service_point_name,
    point.service_point_kind_code,
    point.community_code,

    case when point.is_position then point.service_point_longitude end as service_point_longitude,
    case when point.is_position then point.service_point_latitude end as service_point_latitude,
    point.is_step_free,
    point.opening_hours,
    point.items_not_handled,

    point.landed_date as source_date
from bounded as point
order by point.record_id
