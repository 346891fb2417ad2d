-- title: 多人居住的出租房
-- purpose: 群租安全巡查：住了六人以上或者三户以上、产权人不住在里面的门
-- audience: community
-- grain: one row per door at which six or more people or three or more households live, without its owner
-- columns: community_code, community_name, address_id, standard_address, living_count, household_count, registered_count, owner_names
-- elements: community_code, community_name, address_id, standard_address, living_count, household_count, registered_count, owner_names, resident_id, residence_kind_code
-- masks: check
-- owner: 安全网格员
-- version: 1
-- view: list
with lived_in_by_owner as (
    select distinct living.address_id
    from governance.residence as living
    join governance.residence as owning
        on owning.address_id = living.address_id and owning.resident_id = living.resident_id
    where living.residence_kind_code = '2' and owning.residence_kind_code = '3'
)

select
    community.community_code,
    community.community_name,
    dwelling.address_id,

    address.standard_address,
    dwelling.living_count,
    dwelling.household_count,
    dwelling.registered_count,
    dwelling.owner_names
from governance.dwelling as dwelling
join governance.community as community on community.community_code = dwelling.community_code
join governance.standard_address as address on address.address_id = dwelling.address_id
left join lived_in_by_owner as owner on owner.address_id = dwelling.address_id
where owner.address_id is null and (dwelling.living_count >= 6 or dwelling.household_count >= 3)
order by community.community_code, dwelling.living_count desc, dwelling.address_id
