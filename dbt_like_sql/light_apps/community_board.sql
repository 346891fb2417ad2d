-- title: 社区概况
-- purpose: 一屏看清本社区：人、户、一老一小、困难群众、市场主体、未办结的案件
-- audience: community
-- grain: one row per community in which anybody lives
-- columns: community_code, community_name, resident_count, elderly_count, minor_count, disabled_count, veteran_count, subsistence_recipient_count, living_alone_elderly_count, open_enterprise_count, open_case_count
-- elements: community_code, community_name, death_date, birth_date, disability_grade_code, disability_type_code, is_veteran, subsistence_category_code, subsistence_certificate_number, household_id, is_living_alone, enterprise_status_code, case_status_code
-- masks: check
-- owner: 社区
-- version: 3
-- view: board
with people as (
    select
        resident.community_code,
        count(*) as resident_count,
        count(case when resident.birth_date <= today.business_date - interval '60' year then 1 end) as elderly_count,
        count(case when resident.birth_date > today.business_date - interval '18' year then 1 end) as minor_count,
        count(coalesce(resident.disability_grade_code, resident.disability_type_code)) as disabled_count,
        count(case when resident.is_veteran then 1 end) as veteran_count,
        count(coalesce(resident.subsistence_category_code, resident.subsistence_certificate_number))
            as subsistence_recipient_count,
        count(case
            when household.is_living_alone and resident.birth_date <= today.business_date - interval '60' year then 1
        end) as living_alone_elderly_count
    from governance.resident as resident
    cross join standard.business_day as today
    left join governance.household as household on household.household_id = resident.household_id
    where resident.death_date is null
    group by resident.community_code
),

shops as (
    select enterprise.community_code, count(*) as open_enterprise_count
    from governance.enterprise as enterprise
    where enterprise.enterprise_status_code = '1'
    group by enterprise.community_code
),

cases as (
    select city_case.community_code, count(*) as open_case_count
    from governance.city_case as city_case
    where city_case.case_status_code in ('1', '2')
    group by city_case.community_code
)

select
    community.community_code,
    community.community_name,

    people.resident_count,
    people.elderly_count,
    people.minor_count,
    people.disabled_count,
    people.veteran_count,
    people.subsistence_recipient_count,
    people.living_alone_elderly_count,
    coalesce(shops.open_enterprise_count, 0) as open_enterprise_count,
    coalesce(cases.open_case_count, 0) as open_case_count
from people
join governance.community as community on community.community_code = people.community_code
left join shops on shops.community_code = people.community_code
left join cases on cases.community_code = people.community_code
order by community.community_code
