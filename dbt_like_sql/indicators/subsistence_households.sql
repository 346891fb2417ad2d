-- title: 低保户
-- purpose: 社会救助底数
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value
-- unit: 户
-- definition: 至少一名成员在享受最低生活保障的户
-- level_rule: sum
-- part_of: households
select
    household.community_code,
    '' as category,
    count(*) as value
from governance.household as household
where household.is_subsistence_household
group by household.community_code
