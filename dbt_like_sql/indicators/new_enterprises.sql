-- title: 近一年新设市场主体
-- purpose: 营商环境
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value
-- unit: 家
-- definition: 成立日期在业务日期前一年以内、登记状态为存续的市场主体
-- level_rule: sum
-- part_of: enterprises_by_status/1
select
    enterprise.community_code,
    '' as category,
    count(*) as value
from governance.enterprise as enterprise
cross join standard.business_day as today
where enterprise.enterprise_status_code = '1'
    and enterprise.established_date > today.business_date - interval '1' year
group by enterprise.community_code
