-- title: 待核实清单
-- purpose: 社区入户时顺便核对：各部门说法不一的、证号与姓名不符的，一次问清；要紧的在前
-- audience: community
-- grain: one row per doubtful element of a resident or enterprise placed in a community
-- columns: community_code, community_name, entity_id, subject_name, harm_code, doubt_code, element_id, element_title, present_value, present_system, other_values, other_systems
with subject as (
    select resident_id as entity_id, name as subject_name, community_code
    from governance.resident
    where death_date is null
    union all
    select enterprise_id as entity_id, enterprise_name as subject_name, community_code
    from governance.enterprise
),

doubt as (
    select
        conflict.entity_id,
        'conflict' as doubt_code,
        conflict.element_id,
        conflict.present_value,
        conflict.present_system,
        conflict.other_values,
        conflict.other_systems
    from governance.conflict as conflict
    join standard.element as element on element.element_id = conflict.element_id and element.is_verified_locally
    left join governance.collected_cell as settled
        on settled.entity = conflict.entity and settled.entity_id = conflict.entity_id
        and settled.element_id = conflict.element_id and settled.state in ('stands', 'agrees')
    where conflict.kind in ('differs', 'several') and conflict.rule <> 'frozen' and settled.entity_id is null
    union all
    select
        review.entity_id,
        case review.reason when 'borrowed' then 'borrowed' else 'duplicate' end as doubt_code,
        'citizen_id' as element_id,
        cast(null as varchar) as present_value,
        cast(null as varchar) as present_system,
        cast(null as varchar) as other_values,
        link.system as other_systems
    from matching.resident_review as review
    join matching.resident_link as link on link.record_id = review.record_id and link.is_current
)

select
    community.community_code,
    community.community_name,
    doubt.entity_id,
    subject.subject_name,
    element.harm as harm_code,
    doubt.doubt_code,
    doubt.element_id,
    element.title as element_title,
    doubt.present_value,
    doubt.present_system,
    doubt.other_values,
    doubt.other_systems
from doubt
join subject on subject.entity_id = doubt.entity_id
join governance.community as community on community.community_code = subject.community_code
join standard.element as element on element.element_id = doubt.element_id
order by
    community.community_code,
    case element.harm when 'high' then 1 when 'medium' then 2 else 3 end,
    doubt.entity_id, doubt.element_id, doubt.doubt_code, doubt.other_systems
