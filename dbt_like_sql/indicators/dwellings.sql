-- title: 住房处数
-- purpose: 房屋底数
-- audience: everyone
-- grain: one row per community, null where nobody can say which
-- columns: community_code, category, value
-- unit: 处
-- definition: 有人居住、户籍登记或产权登记的门（户室）
-- level_rule: sum
select
    dwelling.community_code,
    '' as category,
    count(*) as value
from governance.dwelling as dwelling
group by dwelling.community_code
