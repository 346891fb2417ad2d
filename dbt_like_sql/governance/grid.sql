-- title: 网格
-- purpose: 社区里人们自己叫得出的最小一块：小区，没有小区的按村民小组，再没有的按街路巷；每块有多少门、住多少人
-- audience: analyst
-- grain: one row per estate, village group or street of a community that an address names
-- columns: grid_id, community_code, grid_name, grid_basis_code, address_count, living_count
with placed as (
    select
        address.address_id,
        address.community_code,
        -- a merged community has a third group of each of its villages
        coalesce(
            address.estate_name,
            coalesce(address.street_name, '') || address.village_group || '组',
            address.street_name
        ) as grid_name,
        case
            when address.estate_name is not null then '1'
            when address.village_group is not null then '2'
            else '3'
        end as grid_basis_code
    from governance.standard_address as address
    where address.community_code is not null
),

living as (
    select address_id, count(*) as living_count
    from governance.residence
    where residence_kind_code = '2'
    group by address_id
)

select
    concat(placed.community_code, '-', placed.grid_name) as grid_id,
    placed.community_code,
    placed.grid_name,
    min(placed.grid_basis_code) as grid_basis_code,

    count(*) as address_count,
    cast(coalesce(sum(living.living_count), 0) as bigint) as living_count
from placed
left join living on living.address_id = placed.address_id
where placed.grid_name is not null
group by placed.community_code, placed.grid_name
order by placed.community_code, placed.grid_name
