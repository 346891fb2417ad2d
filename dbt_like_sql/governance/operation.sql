-- title: 经营与任职关系
-- purpose: 谁经营、谁在职；只收拿得准的：证号相同，没有证号时姓名和电话只对得上一个人
-- audience: analyst
-- grain: one row per enterprise, resident and role
-- columns: enterprise_id, resident_id, operation_role_code, operation_basis_code, source_date
with answering as (
    select
        enterprise.enterprise_id,
        -- a sole trader's licence has an operator, a company's a legal representative
        case
            when coalesce(enterprise.enterprise_type_code, '') = '2' then '2'
            when enterprise.enterprise_type_code is null and enterprise.unified_social_credit_code like '92%' then '2'
            else '1'
        end as role,
        enterprise.legal_representative_citizen_id as citizen_id,
        golden.legal_representative_document_number as document_number,
        enterprise.legal_representative_name as name,
        enterprise.phone,
        enterprise.source_date
    from governance.enterprise as enterprise
    join matching.enterprise_golden as golden on golden.entity_id = enterprise.enterprise_id
),

-- name and number stand each by itself: the number may be left of whoever answered before
said as (
    select distinct
        entity_id,
        legal_representative_name as name,
        coalesce(legal_representative_citizen_id, legal_representative_document_number) as number
    from matching.enterprise_candidate
    where legal_representative_name is not null
),

by_number as (
    select answering.enterprise_id, resident.resident_id, answering.role, '1' as basis, answering.source_date
    from answering
    join governance.resident as resident on resident.citizen_id = answering.citizen_id
    left join said on said.entity_id = answering.enterprise_id
        and said.name = answering.name and said.number = answering.citizen_id
    where answering.name is null or resident.name = answering.name or said.entity_id is not null
),

by_document as (
    select
        answering.enterprise_id,
        max(resident.resident_id) as resident_id,
        answering.role,
        '2' as basis,
        answering.source_date
    from answering
    join governance.resident as resident on resident.other_document_number = answering.document_number
    left join said on said.entity_id = answering.enterprise_id
        and said.name = answering.name and said.number = answering.document_number
    where answering.citizen_id is null
        and (answering.name is null or resident.name = answering.name or said.entity_id is not null)
    group by answering.enterprise_id, answering.role, answering.source_date
    having count(*) = 1
),

by_phone as (
    select
        answering.enterprise_id,
        max(candidate.entity_id) as resident_id,
        answering.role,
        '3' as basis,
        answering.source_date
    from answering
    join matching.resident_candidate as candidate
        on candidate.phone = answering.phone and candidate.name = answering.name
    where answering.citizen_id is null and answering.document_number is null
    group by answering.enterprise_id, answering.role, answering.source_date
    having count(distinct candidate.entity_id) = 1
),

employed as (
    select
        enterprise.enterprise_id,
        golden.entity_id as resident_id,
        '3' as role,
        '4' as basis,
        golden.source_date
    from matching.resident_golden as golden
    join governance.enterprise as enterprise
        on enterprise.unified_social_credit_code = golden.employer_credit_code
    where golden.death_date is null
),

every_link as (
    select * from by_number
    union all
    select * from by_document
    union all
    select * from by_phone
    union all
    select * from employed
)

select
    enterprise_id,
    resident_id,
    role as operation_role_code,
    basis as operation_basis_code,
    source_date
from every_link
order by enterprise_id, resident_id, role
