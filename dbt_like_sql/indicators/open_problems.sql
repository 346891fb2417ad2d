-- title: 待整改数据项
-- purpose: 退回部门整改的数据问题有多少，落在哪个社区
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 项
-- definition: 现行记录里没有通过标准化的数据项，按责任系统所属部门分组
-- level_rule: sum
with placed as (
    select link.record_id, resident.community_code
    from matching.resident_link as link
    join governance.resident as resident on resident.resident_id = link.entity_id
    where link.is_current
    union all
    select link.record_id, enterprise.community_code
    from matching.enterprise_link as link
    join governance.enterprise as enterprise on enterprise.enterprise_id = link.entity_id
    where link.is_current
    union all
    select equipment_id as record_id, community_code from governance.special_equipment
    union all
    select case_id as record_id, community_code from governance.city_case
    union all
    select service_point_id as record_id, community_code from governance.service_point
)

select
    placed.community_code,
    split_part(problem.system, '/', 1) as category,
    count(*) as value
from standard.quarantine as problem
left join placed on placed.record_id = problem.record_id
group by placed.community_code, split_part(problem.system, '/', 1)
