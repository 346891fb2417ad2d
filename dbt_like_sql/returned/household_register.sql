-- title: 户底册
-- purpose: 社区掌握本社区有哪些户、谁是户主、户内有几人，入户走访时使用
-- audience: community
-- grain: one row per household placed in a community
-- columns: community_code, community_name, household_id, household_number, head_resident_id, head_name, head_phone, household_address, member_count, elderly_member_count, minor_member_count, is_living_alone, is_subsistence_household, source_date
select
    community.community_code,
    community.community_name,
    household.household_id,
    household.household_number,
    household.head_resident_id,
    head.name as head_name,
    head.phone as head_phone,
    household.household_address,

    household.member_count,
    household.elderly_member_count,
    household.minor_member_count,
    household.is_living_alone,
    household.is_subsistence_household,

    household.source_date
from governance.household as household
join governance.community as community on community.community_code = household.community_code
join governance.resident as head on head.resident_id = household.head_resident_id
order by community.community_code, household.household_id
