-- title: 人员底册
-- purpose: 社区掌握本社区有哪些人、各部门怎么说，走访、服务和填表时使用
-- audience: community
-- grain: one row per living resident placed in a community
-- declares: minors
-- columns: community_code, community_name, resident_id, household_id, name, citizen_id, sex_code, birth_date, ethnic_group_code, marital_status_code, phone, family_relation_code, registered_address, dwelling_address, subsistence_category_code, subsistence_monthly_cny, pension_status_code, has_hypertension, has_diabetes, last_follow_up_date, tags, system_count, source_systems, source_date
with tagged as (
    select resident_id, array_to_string(list_sort(array_agg(tag_code)), ',') as tags
    from governance.tag
    where resident_id is not null
    group by resident_id
)

select
    community.community_code,
    community.community_name,
    resident.resident_id,
    resident.household_id,
    resident.name,
    resident.citizen_id,
    resident.sex_code,
    resident.birth_date,
    resident.ethnic_group_code,
    resident.marital_status_code,

    resident.phone,
    resident.family_relation_code,
    resident.registered_address,
    resident.dwelling_address,

    resident.subsistence_category_code,
    resident.subsistence_monthly_cny,
    resident.pension_status_code,
    resident.has_hypertension,
    resident.has_diabetes,
    resident.last_follow_up_date,
    tagged.tags,

    resident.system_count,
    resident.source_systems,
    resident.source_date
from governance.resident as resident
join governance.community as community on community.community_code = resident.community_code
left join tagged on tagged.resident_id = resident.resident_id
where resident.death_date is null
order by community.community_code, resident.household_id, resident.resident_id
