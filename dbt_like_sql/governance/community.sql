-- title: 村（社区）
-- purpose: 市县乡村四级的末级，各表的所属社区都在这里
-- audience: everyone
-- grain: one row per village or neighbourhood
-- columns: community_code, community_name, township_code, township_name, county_code, county_name
select
    village.code as community_code,
    village.name as community_name,
    substr(township.code, 1, 9) as township_code,
    township.name as township_name,
    substr(county.code, 1, 6) as county_code,
    county.name as county_name
from standard.division as village
join standard.division as township on township.code = village.parent_code
join standard.division as county on county.code = township.parent_code
where village.level = 'village'
order by village.code
