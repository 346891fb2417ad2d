-- title: 住在此户籍在外
-- purpose: 住在本社区、户籍在别的社区的人：服务跟着人走
-- audience: community
-- grain: one row per resident living in the community who is registered in another
-- columns: community_code, community_name, resident_id, name, sex_code, birth_date, phone, registered_address, dwelling_address
-- elements: community_code, community_name, resident_id, name, sex_code, birth_date, phone, registered_address, dwelling_address, address_id, residence_kind_code, death_date
-- masks: check
-- owner: 社区
-- version: 2
-- view: list
with door as (
    -- community_code of a resident is where they are registered; only the doors tell both places
    select residence.resident_id, residence.residence_kind_code, min(address.community_code) as community_code
    from governance.residence as residence
    join governance.standard_address as address on address.address_id = residence.address_id
    where address.community_code is not null
    group by residence.resident_id, residence.residence_kind_code
)

select
    community.community_code,
    community.community_name,
    resident.resident_id,

    resident.name,
    resident.sex_code,
    resident.birth_date,
    resident.phone,
    resident.registered_address,
    resident.dwelling_address
from door as registered
join door as living
    on living.resident_id = registered.resident_id and living.community_code <> registered.community_code
join governance.resident as resident on resident.resident_id = registered.resident_id
join governance.community as community on community.community_code = living.community_code
where registered.residence_kind_code = '1'
    and living.residence_kind_code = '2'
    and resident.death_date is null
order by community.community_code, resident.birth_date, resident.resident_id
