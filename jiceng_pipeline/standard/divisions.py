"""Administrative divisions (统计用区划代码): the tree, and the names people write for a community."""

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import duckdb

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.clock import business_date
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.standard.macro import literal

# what follows a community's own name in official and in everyday writing
_SUFFIX = "(社区居民委员会|社区居委会|居民委员会|居委会|村民委员会|村委会)$"


def create_division(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `standard.division(code, name, level, parent_code)`: the divisions there are on the business date.

    They come from `data/reference/divisions.csv`; communities merged by then (`division_changes.csv`) are left
    out, and what they became is there, under the last name it was given.
    """
    connection.execute(
        f"""create or replace table standard.division as
        with ever as ({_ever(settings)}), merged as ({_merged(settings)})
        select code, name, level, parent_code from ever where code not in (select code from merged)
        qualify row_number() over (partition by code order by since desc nulls last, name) = 1
        order by code"""
    )


def merged(settings: Settings) -> Mapping[str, str]:
    """Return the communities that were merged by the business date: code → code of what it is now."""
    found: dict[str, str] = {}
    for row in changes(settings.reference):
        if row["date"] > business_date(settings).isoformat():
            break
        found = {code: row["merged_into"] if now == row["code"] else now for code, now in found.items()}
        found[row["code"]] = row["merged_into"]
    return found


@cache
def changes(reference: Path) -> Sequence[Mapping[str, str]]:
    """Read `division_changes.csv` of that folder: the mergers there are, also those to come, the first in front."""
    rows = csv.DictReader(documents.read_text(reference / "division_changes.csv").splitlines())
    return sorted(rows, key=lambda row: row["date"])


def _ever(settings: Settings) -> str:
    """Return a select of the divisions there ever were, once a name; `since` when a merger gave it that name."""
    return f"""select code, name, level, parent_code, null::date as since
        from read_csv('{settings.reference / "divisions.csv"}', header = true, delim = ',', quote = '"', columns = {{
            'code': 'varchar', 'name': 'varchar', 'level': 'varchar', 'parent_code': 'varchar'}})
        union
        select merged_into, name, 'village', left(merged_into, 9) || '000', date
        from read_csv('{settings.reference / "division_changes.csv"}', header = true, delim = ',', columns = {{
            'date': 'date', 'code': 'varchar', 'merged_into': 'varchar', 'name': 'varchar'}})
        where date <= date '{business_date(settings)}'"""


def _merged(settings: Settings) -> str:
    """Return a select of the communities that were merged and what each is now: code, merged_into."""
    now = merged(settings)
    listed = (", ".join(map(literal, codes)) for codes in (now, now.values()))
    return "select " + ", ".join(
        f"unnest([{codes}]::varchar[]) as {name}" for name, codes in zip(("code", "merged_into"), listed, strict=True)
    )


def create_division_alias(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `standard.division_alias(county_code, alias, code)`: only names that mean one community there.

    虹桥社区居委会 is also written 虹桥社区居民委员会, 虹桥社区, 虹桥, with or without its street in front.
    Names with a street in front that mean one community wherever they are read, and codes, stand once, with
    an empty county_code; in a county only the names are listed that have to be read there. So a name read in
    a county or anywhere finds one code or none. An official name goes before a usual one (虹西社区 for
    虹西社区居委会, 虹西 for 虹西村委会), and that before what else it may mean. Codes and names of communities
    that were merged mean what they became.
    """
    connection.execute(
        f"""create or replace table standard.division_alias as
        with ever as ({_ever(settings)}), merged as ({_merged(settings)}), division as (
            select distinct e.code as own_code, coalesce(m.merged_into, e.code) as code, e.name, e.level, e.parent_code
            from ever as e left join merged as m using (code)
        ), community as (
            select v.own_code, v.code, v.name, substr(v.code, 1, 6) as county_code, c.name as county_name,
                t.code as township_code, t.name as township_name,
                regexp_replace(regexp_replace(v.name, '（.*）$', ''), '{_SUFFIX}', '') as stem
            from division as v
            join standard.division as t on t.code = v.parent_code
            join standard.division as c on c.code = t.parent_code
            where v.level = 'village'
        ), township as (
            select distinct township_code, township_name, county_name,
                regexp_replace(replace(township_name, '南通市', ''), '（.*）$', '') as plain,
                replace(plain, county_name, '') as own
            from community
        ), front as (
            select distinct township_code, unnest([township_name, plain, own, county_name || own, case
                when own <> plain then substr(county_name, 1, length(county_name) - 1) || own end]) as front
            from township
        ), written as (
            select code, county_code, township_code, unnest([own_code, name]) as alias, 0 as rank from community
            union all
            select code, county_code, township_code, unnest(case
                when name like '%村委会%' then [short, stem || '村', stem || '村委会', stem || '村民委员会']
                else [short, stem || '社区', stem || '社区居委会', stem || '社区居民委员会', stem || '居委会',
                    stem || '居民委员会'] end), 1
            from (select *, regexp_replace(name, '(居委会|村委会)(（.*）)?$', '') as short from community)
            union all
            select code, county_code, township_code, unnest([
                regexp_replace(name, '（.*）$', ''), stem, stem || '社区', stem || '村', stem || '居委会',
                stem || '村委会', stem || '社区居委会', stem || '社区居民委员会', stem || '村民委员会',
                stem || '居民委员会',
                regexp_replace(stem, '(社区|村)$', '')]), 2
            from community
        ), every as (
            select county_code, alias, code, rank, regexp_full_match(alias, '[0-9]{{12}}') as is_told_anywhere
            from written where alias <> ''
            union
            select county_code, front || alias, code, rank, true
            from written join front using (township_code) where front is not null and alias not in ('', code)
        ), anywhere as (
            select alias, min(code) as code
            from (select * from every qualify rank = min(rank) over (partition by alias))
            group by alias having count(distinct code) = 1 and bool_or(is_told_anywhere)
        )
        select '' as county_code, alias, code from anywhere
        union all
        select county_code, alias, min(code) as code
        from (select * from every qualify rank = min(rank) over (partition by county_code, alias))
        where alias not in (select alias from anywhere)
        group by county_code, alias
        having count(distinct code) = 1
        order by all"""
    )
