-- title: 网格数
-- purpose: 网格底数
-- audience: everyone
-- grain: one row per community and category, null where nobody can say which
-- columns: community_code, category, value
-- unit: 个
-- definition: 地址里叫得出的小区、村民小组或街路巷，按依据分组
-- level_rule: sum
-- code_set: grid_basis
select
    grid.community_code,
    grid.grid_basis_code as category,
    count(*) as value
from governance.grid as grid
group by grid.community_code, grid.grid_basis_code
