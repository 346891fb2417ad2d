-- title: 城市管理案件
-- purpose: 每件案件一行，什么事、在哪个社区、从受理到结案多久；不带反映人
-- audience: analyst
-- grain: one row per case that the system lists now
-- columns: case_id, case_number, case_source_code, case_category, case_subcategory, case_status_code, case_address, community_code, case_opened_at, case_closed_at, source_date
select
    record.record_id as case_id,

    record.case_number,
    record.case_source_code,
    record.case_category,
    record.case_subcategory,
    record.case_status_code,
    record.case_address,
    record.community_code,

    record.case_opened_at,
    record.case_closed_at,
    coalesce(record.record_updated_date, record.landed_date) as source_date
from standard.city_case_record as record
where record.is_current
order by record.record_id
