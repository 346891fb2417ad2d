"""Every address as it is written, taken apart once: the place (down to the estate) and what is behind its door.

There are many texts, and few beginnings and ends: those are taken apart, and everything after works on numbers.
"""

import duckdb


def create(connection: duckdb.DuckDBPyConnection, texts: str) -> None:
    """Create temp `text(text, written, county_code, township_code, site, inside)` from a select of `written`.

    It has what names a door in one of our counties. `site(site, street, village_group, door, estate)` and
    `inside(inside, block, unit, room)` say what the numbers stand for; '' where there is no such part.
    """
    connection.execute(
        f"""create or replace temp table cut as
        with plain as (
            select written, address_text(written) as plain from (select distinct written from ({texts}))
        ), front as (
            select written, plain, address_front(plain) as front from plain
        )
        -- the numbers are forgotten again: nothing follows from their order
        select row_number() over () as text, written, front, substr(plain, length(front) + 1) as behind from front"""
    )
    _create_front(connection)
    connection.execute(
        """create or replace temp table site as
        select row_number() over (order by street, village_group, door, estate) as site,
            street, village_group, door, estate
        from (select distinct street, village_group, door, estate from front)"""
    )
    connection.execute(
        """create or replace temp table behind as
        with parsed as (
            select behind, address_inside_parts(behind) as part from (select distinct behind from cut)
        )
        select row_number() over (order by behind) as number, behind, part.block as block, part.unit as unit,
            case when part.block = '' then behind else address_room(part.floor, part.room) end as room
        from parsed"""
    )
    connection.execute(
        """create or replace temp table numbered as
        with placed as (
            select front, county_code, township_code, site, door <> '' as has_door,
                dense_rank() over (order by f.block, f.unit, f.room) as tail
            from front as f join site as s using (street, village_group, door, estate) where not f.is_elsewhere
        )
        select c.text, c.written, p.county_code, p.township_code, p.site, p.has_door, p.tail, b.number as behind
        from cut as c join placed as p using (front) join behind as b using (behind)"""
    )
    connection.execute(
        """create or replace temp table tail as
        with tail as (
            select dense_rank() over (order by block, unit, room) as tail, block, unit, room
            from front where not is_elsewhere
        ), several as (
            select tail, min(block) as block, min(unit) as unit, min(room) as room from tail group by tail
        )
        select p.tail, p.behind, t.block || b.block as block, t.unit || b.unit as unit, t.room || b.room as room
        from (select distinct tail, behind from numbered) as p join several as t using (tail)
        join behind as b on b.number = p.behind"""
    )
    connection.execute(
        """create or replace temp table inside as
        select row_number() over (order by block, unit, room) as inside, block, unit, room
        from (select distinct block, unit, room from tail)"""
    )
    connection.execute(
        """create or replace temp table text as
        with known as (
            select t.tail, t.behind, i.inside, i.block || i.unit = '' as is_house, i.room <> '' as has_room
            from tail as t join inside as i using (block, unit, room)
        )
        select n.text, n.written, n.county_code, n.township_code, n.site, k.inside
        from numbered as n join known as k using (tail, behind) where k.has_room or n.has_door and k.is_house"""
    )


def _create_front(connection: duckdb.DuckDBPyConnection) -> None:
    """Create temp `front`: what each beginning says, divisions looked up; one that we do not know is part of a name."""
    connection.execute(
        """create or replace temp table head as
        with county_name as (
            -- 海门市 and 海门县 are what 海门区 was called
            select alias, min(code) as code from (
                select code, unnest([name, left(name, length(name) - 1) || '区', left(name, length(name) - 1) || '市',
                    left(name, length(name) - 1) || '县', case when name like '%经济技术开发区' then '开发区' end,
                    case when name like '%经济技术开发区' then '经济技术开发区' end]) as alias
                from standard.division where level = 'county')
            where alias is not null group by alias having count(distinct code) = 1
        ), head as (
            select front, address_head(front) as head from (select distinct front from cut)
        ), known as (
            select front, head.province as province, head.city as city, head.county as county, head.rest as rest,
                coalesce(c.code, case when head.county = '' then k.code end) as county_code,
                head.province <> '' and p.code is null as other_province,
                head.city <> '' and v.code is null and k.code is null as other_city,
                head.county <> '' and c.code is null as other_county
            from head
            left join county_name as c on c.alias = head.county
            left join county_name as k on k.alias = head.city
            left join standard.division as v on v.level = 'city' and v.name = head.city
            left join standard.division as p on p.level = 'province' and p.name = head.province
        ), read as (
            -- 农贸市场 is no city, 虹桥小区 no district, and 老县前街 is not in another county, as 郸城县 is
            select *, other_city and province = '' and county = '' and rest like '场%' as is_market from known
        )
        select front, county_code,
            other_province or other_city and not is_market
                or other_county and county not like '%区' and length(county) > 2 as is_elsewhere,
            case when is_market then city else '' end || case when other_county then county else '' end || rest as rest
        from read"""
    )
    connection.execute(
        """create or replace temp table front as
        with parsed as (
            select rest, address_front_parts(rest) as part from (select distinct rest from head where not is_elsewhere)
        ), township as (
            select name, parent_code as county_code, code, count(*) over (partition by name) = 1 as is_only
            from standard.division where level = 'township'
        ), named as (
            select h.front, h.rest, h.is_elsewhere, coalesce(h.county_code, t.county_code) as county_code,
                t.code as township_code, p.part,
                case when p.part.township <> '' and t.code is null then p.part.township else '' end
                    || case when p.part.street = '' and p.part.estate = '' then p.part.community else '' end as prefix,
                p.part.street || p.part.door = '' as is_estate,
                -- 史家巷117 is 史家巷117号
                p.part.street || p.part.door || p.part.block || p.part.unit || p.part.floor = ''
                    and p.part.room <> '' and regexp_matches(p.part.estate, '[路街巷道弄里坊村]$') as is_house,
                -- what has no shape we know stands as it is written
                p.part.township || p.part.street || p.part.door || p.part.estate || p.part.room = '' as is_unknown
            from head as h left join parsed as p using (rest)
            left join township as t on t.name = p.part.township
                and (t.county_code = h.county_code or h.county_code is null and t.is_only)
        )
        select front, county_code, township_code, is_elsewhere, part.block as block, part.unit as unit,
            part.village_group as village_group,
            case when is_unknown then '' when is_house then part.room else part.door end as door,
            case when is_unknown then rest when is_house then prefix || part.estate when is_estate then ''
                else prefix || part.street end as street,
            case when is_unknown or is_house then '' when is_estate then prefix || part.estate
                else part.estate end as estate,
            case when is_unknown and regexp_matches(rest, '[0-9]') then '' when is_house then ''
                else address_room(part.floor, part.room) end as room
        from named"""
    )
