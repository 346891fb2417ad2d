-- title: 近三十天受理案件
-- purpose: 近期热点
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value
-- unit: 件
-- definition: 受理时间在业务日期前三十天以内的城市管理案件
-- level_rule: sum
-- part_of: cases_by_status
select
    city_case.community_code,
    '' as category,
    count(*) as value
from governance.city_case as city_case
cross join standard.business_day as today
where city_case.case_opened_at >= today.business_date - interval '30' day
group by city_case.community_code
