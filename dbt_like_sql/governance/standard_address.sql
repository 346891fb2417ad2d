-- title: 标准地址
-- purpose: 每个门（户室）一行，写法不同的归为一处，按区划、街路巷或村组、门牌、楼栋、单元、户室列出
-- audience: analyst
-- grain: one row per door that a record of a resident or enterprise names
-- columns: address_id, community_code, standard_address, street_name, village_group, door_number, estate_name, building_number, unit_number, room_number, spelling_count
with spelled as (
    select
        address_id,
        max(community_code) as community_code,
        max(county_code) as county_code,
        max(standard_form) as form,
        count(*) as spelling_count
    from matching.address_spelling
    group by address_id
),

door as (
    select *, address_front(form) as front, address_inside(form) as inside from spelled
),

front_part as (
    select front, address_front_parts(front) as part
    from (select distinct front from door) as every
),

inside_part as (
    select inside, address_inside_parts(inside) as part
    from (select distinct inside from door) as every
),

parsed as (
    select
        door.address_id,
        -- what looks like a township was none, or it would not be in a standard form
        front.part.township || front.part.community as prefix,
        front.part.street || front.part.door = '' as is_estate,
        front.part as front,
        inside.part as inside
    from door
    join front_part as front on front.front = door.front
    join inside_part as inside on inside.inside = door.inside
)

select
    door.address_id,
    door.community_code,
    coalesce(province.name, '') || coalesce(city.name, '') || coalesce(county.name, '') || coalesce(township.name, '')
        || door.form as standard_address,

    nullif(case when parsed.is_estate then '' else parsed.prefix || parsed.front.street end, '') as street_name,
    nullif(parsed.front.village_group, '') as village_group,
    nullif(parsed.front.door, '') as door_number,
    nullif(case when parsed.is_estate then parsed.prefix else '' end || parsed.front.estate, '') as estate_name,
    nullif(parsed.front.block || parsed.inside.block, '') as building_number,
    nullif(parsed.front.unit || parsed.inside.unit, '') as unit_number,
    nullif(
        address_room(parsed.front.floor || parsed.inside.floor, parsed.front.room || parsed.inside.room), ''
    ) as room_number,

    door.spelling_count
from door
join parsed on parsed.address_id = door.address_id
left join standard.division as community on community.code = door.community_code
left join standard.division as township on township.code = community.parent_code
left join standard.division as county on county.code = coalesce(township.parent_code, door.county_code)
left join standard.division as city on city.code = county.parent_code
left join standard.division as province on province.code = city.parent_code
order by door.address_id
