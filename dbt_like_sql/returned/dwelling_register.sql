-- title: 社区房屋清单
-- purpose: 社区掌握每户门牌里住着几人、户籍有几人、房子是谁的、是不是空置，走访和安全检查时使用
-- audience: community
-- grain: one row per dwelling placed in a community
-- columns: community_code, community_name, address_id, standard_address, living_count, household_count, registered_count, owner_count, owner_names, is_vacant, source_date
select
    community.community_code,
    community.community_name,
    dwelling.address_id,
    address.standard_address,

    dwelling.living_count,
    dwelling.household_count,
    dwelling.registered_count,
    dwelling.owner_count,
    dwelling.owner_names,
    dwelling.is_vacant,

    dwelling.source_date
from governance.dwelling as dwelling
join governance.standard_address as address on address.address_id = dwelling.address_id
join governance.community as community on community.community_code = dwelling.community_code
order by community.community_code, address.standard_address, dwelling.address_id
