-- title: 人房关系
-- purpose: 谁户籍在哪、实际住在哪、房子是谁的；与人员表的户籍地址和现住址取自同一条记录
-- audience: analyst
-- grain: one row per resident, door and kind of relation
-- columns: resident_id, address_id, residence_kind_code, first_seen_date, source_systems, is_registered_elsewhere
with cell as (
    select
        entity_id, record_id, system, record_date, '1' as kind, registered_address as written,
        case when dwelling_address is null then coalesce(community_code, '') else '' end as stated_code
    from matching.resident_candidate
    where registered_address is not null
    union all
    select
        entity_id, record_id, system, record_date, '2' as kind, dwelling_address as written,
        coalesce(community_code, '') as stated_code
    from matching.resident_candidate
    where dwelling_address is not null
    union all
    select
        entity_id, record_id, system, record_date, '3' as kind, property_address as written, '' as stated_code
    from matching.resident_candidate
    where property_address is not null
    union all
    -- a person's word, which names the record it was said of
    select
        entity_id, 'freeze/' || record_id as record_id, 'ledger/freeze' as system, frozen_date as record_date,
        case element_id when 'registered_address' then '1' else '2' end as kind, value as written, '' as stated_code
    from matching.frozen_cell
    where entity = 'resident' and element_id in ('registered_address', 'dwelling_address')
),

standing as (
    select
        cell.entity_id as resident_id,
        spelling.address_id,
        cell.kind,
        min(cell.record_date) as first_seen_date,
        array_to_string(list_sort(list_distinct(list(cell.system))), ',') as source_systems,
        -- whether any address stands as the registered one
        max(case when winner.registered_address is not null then 1 else 0 end) = 1 as is_registered
    from cell
    join matching.address_spelling as spelling
        on spelling.written = cell.written and spelling.stated_code = cell.stated_code and not spelling.is_gate
    join matching.resident_winner as winner on winner.entity_id = cell.entity_id
    group by cell.entity_id, spelling.address_id, cell.kind
    having max(case
        when cell.kind = '1' and cell.record_id <> winner.registered_address then 0
        when cell.kind = '2' and cell.record_id <> winner.dwelling_address then 0
        else 1
    end) = 1
),

registered as (
    select resident_id, address_id from standing where kind = '1'
),

dead as (
    select resident_id from governance.resident where death_date is not null
)

select
    standing.resident_id,
    standing.address_id,
    standing.kind as residence_kind_code,

    standing.first_seen_date,
    standing.source_systems,

    -- registered at an address that is no door of ours: in another county
    case
        when standing.kind = '2' and standing.is_registered
            then coalesce(registered.address_id <> standing.address_id, true)
    end as is_registered_elsewhere
from standing
left join registered on registered.resident_id = standing.resident_id
left join dead on dead.resident_id = standing.resident_id
where dead.resident_id is null or standing.kind = '3'
order by standing.resident_id, standing.kind, standing.address_id
