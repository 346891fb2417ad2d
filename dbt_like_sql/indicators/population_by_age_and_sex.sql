-- title: 人口年龄性别结构
-- purpose: 一老一小各有多少，学位和养老床位按此配置
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 在册人口按业务日期当天的周岁年龄（五岁一组）和性别分组
-- level_rule: sum
-- sums_to: population
with aged as (
    select
        resident.community_code,
        resident.sex_code,
        -- whole years: both dates as yyyymmdd
        cast(floor((
            extract(year from today.business_date) * 10000
            + extract(month from today.business_date) * 100
            + extract(day from today.business_date)
            - extract(year from resident.birth_date) * 10000
            - extract(month from resident.birth_date) * 100
            - extract(day from resident.birth_date)
        ) / 10000) as integer) as age
    from governance.resident as resident
    cross join standard.business_day as today
    where resident.death_date is null
),

banded as (
    select
        community_code,
        case
            when age is null or age < 0 then '年龄不详'
            when age < 15 then '00—14岁'
            when age < 60 then '15—59岁'
            when age < 80 then '60岁及以上/60—79岁'
            else '60岁及以上/80岁及以上'
        end as stage,
        case
            when age is null or age < 0 then ''
            when age >= 90 then '/90岁及以上'
            else concat(
                '/', lpad(cast(cast(floor(age / 5) * 5 as integer) as varchar), 2, '0'),
                '—', lpad(cast(cast(floor(age / 5) * 5 + 4 as integer) as varchar), 2, '0'), '岁'
            )
        end as band,
        case sex_code when '1' then '/男' when '2' then '/女' else '/性别不详' end as sex
    from aged
)

select
    community_code,
    concat(stage, band, sex) as category,
    count(*) as value
from banded
group by community_code, stage, band, sex
