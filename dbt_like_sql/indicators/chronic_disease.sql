-- title: 慢病管理对象
-- purpose: 家庭医生随访
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 在册人口中在管的高血压、糖尿病患者，两病都有的单列一类
-- level_rule: sum
-- part_of: population
with classed as (
    select
        resident.community_code,
        case
            when resident.has_hypertension and resident.has_diabetes then '高血压和糖尿病'
            when resident.has_hypertension then '高血压'
            else '糖尿病'
        end as category
    from governance.resident as resident
    where resident.death_date is null and (resident.has_hypertension or resident.has_diabetes)
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
