"""标准地址: the spellings of one door are gathered, community by community, and the door is named.

A door is a street or village, a number, an estate, a building, a unit and a room. Spellings with the same parts
are one door; two names of one place become one by evidence (`place_name`); another number is another door, always.
"""

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import address_text, place_name
from jiceng_pipeline.matching.founding import keyed
from jiceng_pipeline.standard.macro import literal

# the addresses of a record, and whether its community is that address's: where one lives goes before the register
_COLUMNS = {
    "dwelling_address": ("resident", "true"),
    "registered_address": ("resident", "dwelling_address is null"),
    "property_address": ("resident", "false"),
    "business_address": ("enterprise", "true"),
}
# what a person's word says where somebody lives
_FROZEN = f"""select {{}} from matching.frozen_cell
    where value is not null and element_id in ({", ".join(map(literal, _COLUMNS))})"""
_RIVAL = 3  # a second community has at least a third of the first one's holders, and two of them
_WHOLE_STREET = (5, 0.9)  # doors of a street, and their share in one community, that place a door nobody places
_FORM = """s.street || case when s.village_group <> '' then s.village_group || '组' else '' end
    || case when s.door <> '' then s.door || '号' else '' end || s.estate
    || case when i.block <> '' then i.block || '幢' else '' end
    || case when i.unit <> '' then i.unit || '单元' else '' end
    || case when i.room = '' or i.room like '%楼' or i.room like '%幢%' then i.room else i.room || '室' end"""


def create_spelling(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `matching.address_spelling`, one row an address as written and the community its records state.

    Columns: written, stated_code ('' where none), address_id, community_code and county_code (null where not
    known), standard_form (without divisions), and is_gate: only the number of a place with buildings, which is
    nobody's dwelling.
    """
    address_text.create(
        connection,
        " union all ".join(
            [
                *(
                    f"select {column} as written from matching.{entity}_candidate where {column} is not null"
                    for column, (entity, _) in _COLUMNS.items()
                ),
                _FROZEN.format("value as written"),
            ]
        ),
    )
    _create_said(connection)
    _create_spot(connection)
    place_name.create(connection)
    key = keyed(settings, "address", "case when s.community <> '' then s.community else s.county end || '|' || d.form")
    connection.execute(
        f"""create or replace table matching.address_spelling as
        with behind as (
            select distinct spot, inside from told
        ), formed as (
            select b.spot, b.inside, {_FORM} as form
            from behind as b join spot as s using (spot) join inside as i using (inside)
        ), gate as (
            select distinct s.community, s.county, s.street, s.door
            from behind as b join spot as s using (spot) join inside as i using (inside)
            where i.block <> '' and s.door <> ''
        ), door as (
            select d.spot, d.inside, {key} as address_id, nullif(s.community, '') as community_code,
                nullif(s.county, '') as county_code, d.form as standard_form,
                g.door is not null and i.block = '' and i.unit = '' and i.room = '' and s.estate = '' as is_gate
            from formed as d join spot as s using (spot) join inside as i using (inside)
            left join gate as g
                on g.community = s.community and g.county = s.county and g.street = s.street and g.door = s.door
        )
        select x.written, t.stated as stated_code, d.address_id, d.community_code, d.county_code, d.standard_form,
            d.is_gate
        from (select distinct text, stated, spot, inside from told) as t
        join text as x using (text) join door as d on d.spot = t.spot and d.inside = t.inside"""
    )


def link_select() -> str:
    """Return a select of (record_id, element_id, address_id): which door each address of a current record means."""
    cells = " union all ".join(
        f"""select record_id, '{column}' as element_id, {column} as written, {_stated(voice)} as stated_code,
            {"true" if entity == "enterprise" else "false"} as is_business
        from matching.{entity}_candidate where {column} is not null"""
        for column, (entity, voice) in _COLUMNS.items()
    )
    return f"""select c.record_id, c.element_id, s.address_id
        from ({cells}) as c join matching.address_spelling as s using (written, stated_code)
        where c.is_business or not s.is_gate"""


def _stated(voice: str) -> str:
    return f"case when {voice} then coalesce(community_code, '') else '' end"


def _create_said(connection: duckdb.DuckDBPyConnection) -> None:
    """Create temp `said(text, stated, holder, times, county, township, site, inside)`.

    A holder is a household or an enterprise, by a number for its id; `times` counts its records.
    """
    every = " union all ".join(
        [
            *(
                f"""select entity_id, {column} as written, {_stated(voice)} as stated
                from matching.{entity}_candidate where {column} is not null"""
                for column, (entity, voice) in _COLUMNS.items()
            ),
            _FROZEN.format("entity_id, value as written, '' as stated"),
        ]
    )
    connection.execute(
        f"""create or replace temp table said as
        with holder as (
            select resident_id as entity_id, hash(household_id) as holder from matching.household_member
            union all
            select distinct entity_id, hash(entity_id) from matching.enterprise_candidate
        ), cell as (
            select x.text, e.stated, h.holder, count(*) as times
            from ({every}) as e join text as x using (written) join holder as h using (entity_id)
            group by x.text, e.stated, h.holder
        ), spelled as (
            select c.*, coalesce(x.county_code, left(nullif(c.stated, ''), 6) || '000000') as county,
                x.township_code as township, x.site, x.inside
            from cell as c join text as x using (text)
        ), sole as (
            -- neither head nor community: the county that has such a place, where there is one
            select site, min(county) as county from spelled group by site having count(distinct county) = 1
        )
        select s.text, s.stated, s.holder, s.times, coalesce(s.county, o.county, '') as county, s.township,
            s.site, s.inside
        from spelled as s left join sole as o using (site)"""
    )


def _create_spot(connection: duckdb.DuckDBPyConnection) -> None:
    """Create temp `told` (`said` and its spot) and `spot(spot, community, county, street, …)`: a site somewhere.

    A site is in the community most of its households and enterprises state. Where two communities have one of
    that name, each record's own is believed; '' where nothing tells.
    """
    connection.execute(
        f"""create or replace temp table candidate as
        with vote as (
            select county, site, stated as community, count(distinct holder) as holders
            from said
            where stated <> '' and left(stated, 6) = left(county, 6)
                and (township is null or left(stated, 9) = left(township, 9))
            group by county, site, stated
        ), ranked as (
            select *, row_number() over (partition by county, site order by holders desc, community) as place,
                max(holders) over (partition by county, site) as most
            from vote
        )
        select county, site, community, count(*) over (partition by county, site) as rivals,
            count(*) over (partition by county, site, left(community, 9)) as neighbours
        from ranked where place = 1 or holders >= 2 and holders * {_RIVAL} >= most"""
    )
    doors, share = _WHOLE_STREET
    connection.execute(
        f"""create or replace temp table placed as
        with asked as (
            select distinct county, site, stated, township from said
        ), along as (
            select c.county, t.street, c.community, count(*) as doors,
                sum(count(*)) over (partition by c.county, t.street) as every
            from candidate as c join site as t using (site) where c.rivals = 1 and t.street <> ''
            group by c.county, t.street, c.community
        ), whole as (
            select county, street, community from along where doors >= {doors} and doors >= {share} * every
        ), near as (
            select a.county, a.site, a.stated, a.township, case
                when bool_or(c.community = a.stated) then a.stated
                when a.township is not null and bool_or(c.neighbours = 1 and left(c.community, 9) = left(a.township, 9))
                    then min(c.community) filter (where left(c.community, 9) = left(a.township, 9))
                when a.township is null and max(c.rivals) = 1 then min(c.community)
                when count(c.community) = 0 then min(w.community) end as community
            from asked as a left join candidate as c using (county, site)
            join site as t using (site)
            left join whole as w on w.county = a.county and w.street = t.street
                and (a.township is null or left(a.township, 9) = left(w.community, 9))
            group by a.county, a.site, a.stated, a.township
        )
        select county, site, stated, coalesce(township, '') as township, coalesce(community, '') as community
        from near"""
    )
    connection.execute(
        """create or replace temp table spot as
        select row_number() over (order by p.community, p.county, p.site) as spot, p.community, p.county, p.site,
            t.street, t.village_group, t.door, t.estate
        from (select distinct community, county, site from placed) as p join site as t using (site)"""
    )
    connection.execute(
        """create or replace temp table told as
        select s.text, s.stated, s.holder, s.times, o.spot, s.inside
        from said as s join placed as p
            on p.county = s.county and p.site = s.site and p.stated = s.stated and p.township = coalesce(s.township, '')
        join spot as o on o.community = p.community and o.county = p.county and o.site = p.site"""
    )
