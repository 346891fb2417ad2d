-- title: 户籍在此人在外
-- purpose: 户籍在本社区、住在别处的人：选民登记、征兵、证明时找得到
-- audience: community
-- grain: one row per resident registered in the community who lives in another
-- columns: community_code, community_name, resident_id, name, sex_code, birth_date, phone, registered_address, dwelling_address
-- elements: community_code, community_name, resident_id, name, sex_code, birth_date, phone, registered_address, dwelling_address, address_id, residence_kind_code, death_date
-- masks: check
-- owner: 社区
-- version: 1
-- view: list
with at_home as (
    select residence.resident_id, min(address.community_code) as home_code
    from governance.residence as residence
    join governance.standard_address as address on address.address_id = residence.address_id
    where residence.residence_kind_code = '1' and address.community_code is not null
    group by residence.resident_id
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
from at_home
join governance.resident as resident on resident.resident_id = at_home.resident_id
join governance.community as community on community.community_code = at_home.home_code
where resident.death_date is null
    and resident.dwelling_address is not null
    and resident.community_code <> at_home.home_code
order by community.community_code, resident.birth_date, resident.resident_id
