-- title: 户数
-- purpose: 社区有多少户
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value
-- unit: 户
-- definition: 至少有一名在世成员的户，随户主归社区
-- level_rule: sum
select
    household.community_code,
    '' as category,
    count(*) as value
from governance.household as household
group by household.community_code
