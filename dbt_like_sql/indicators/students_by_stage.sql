-- title: 在校学生学段
-- purpose: 学位供给
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 在册人口中有学籍的，按学段分组
-- level_rule: sum
-- part_of: population
with classed as (
    select
        resident.community_code,
        case
            when resident.school_grade is null then '不详'
            -- a roster may write the class behind the grade: 三年级2班
            when resident.school_grade like '高%' then '高中'
            when resident.school_grade like '初%' or left(resident.school_grade, 3) in ('七年级', '八年级', '九年级')
                then '初中'
            when left(resident.school_grade, 3) in ('一年级', '二年级', '三年级', '四年级', '五年级', '六年级')
                then '小学'
            when resident.school_grade like '%班' then '幼儿园'
            else '其他'
        end as category
    from governance.resident as resident
    where resident.death_date is null and resident.school_name is not null
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
