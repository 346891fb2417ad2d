-- title: 低保对象
-- purpose: 社会救助底数
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 人
-- definition: 正在享受最低生活保障的在册人口，按城市和农村低保分组
-- level_rule: sum
-- part_of: population
-- code_set: subsistence_category
with classed as (
    select
        resident.community_code,
        coalesce(resident.subsistence_category_code, '不详') as category
    from governance.resident as resident
    where resident.death_date is null
        and coalesce(resident.subsistence_category_code, resident.subsistence_certificate_number) is not null
)

select
    community_code,
    category,
    count(*) as value
from classed
group by community_code, category
