"""Administrative divisions (统计用区划代码): the tree, and the names people write for a community."""

import csv
import re
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import date
from functools import cache
from pathlib import Path

import duckdb

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.clock import business_date
from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.standard.macro import literal

_COMMUNITY = re.compile(r"\d{9}(?!000)\d{3}")
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
    """Return the communities whose code ended by the business date: code → code of what it is now."""
    found: dict[str, str] = {}
    for row in changes(settings.reference):
        if row["date"] > business_date(settings).isoformat():
            break
        found = {code: row["merged_into"] if now == row["code"] else now for code, now in found.items()}
        found[row["code"]] = row["merged_into"]
    # one that only got another name, or its old code back, has not ended
    return {code: now for code, now in found.items() if code != now}


def coming(settings: Settings) -> Set[str]:
    """Return the communities that there will be only after the business date."""
    today, every = business_date(settings).isoformat(), changes(settings.reference)
    known = {row["code"] for row in listed(settings.reference)}
    known |= {row["merged_into"] for row in every if row["date"] <= today}
    return {row["merged_into"] for row in every} - known


@cache
def listed(reference: Path) -> Sequence[Mapping[str, str]]:
    """Read `divisions.csv` of that folder: code, name, level, parent_code."""
    return list(csv.DictReader(documents.read_text(reference / "divisions.csv").splitlines()))


@cache
def changes(reference: Path) -> Sequence[Mapping[str, str]]:
    """Read `division_changes.csv` of that folder: the changes there are, also those to come, the first in front.

    Each is a community that was merged, got another code, or with its own code another name. Raises DefinitionError
    where a line is none of these: what it spoiled was found in no register any more.
    """
    path = reference / "division_changes.csv"
    townships = {row["code"] for row in listed(reference) if row["level"] == "township"}
    rows = csv.DictReader(documents.read_text(path).splitlines())
    found = list[Mapping[str, str]]()
    for row in rows:
        if fault := _fault(row, townships) or _split(row, found):
            raise DefinitionError(fault[0], where=f"{path}:{rows.line_num}", cure=fault[1])
        found.append(row)
    return sorted(found, key=lambda row: row["date"])


def _fault(row: Mapping[str, str | None], townships: Collection[str]) -> tuple[str, str] | None:
    """Return what is wrong with a line of `division_changes.csv`, and the cure."""
    day, code, into, name = (row.get(column) or "" for column in ("date", "code", "merged_into", "name"))
    try:
        is_day = date.fromisoformat(day).isoformat() == day
    except ValueError:
        is_day = False
    if not is_day:
        return f"不是日期：{day}", "写成 2026-01-04 这样"
    for each in (code, into):
        if not _COMMUNITY.fullmatch(each):
            return f"不是社区（村）的代码：{each}", "写十二位代码；街道、乡镇撤并的，逐个写它的社区（村）"
    if f"{into[:9]}000" not in townships:
        return f"区划表里没有 {into} 所在的街道、乡镇", f"先在 divisions.csv 里加上 {into[:9]}000"
    return None if name.strip() else ("没有名称", "写上以后的名称")


def _split(row: Mapping[str, str], known: Iterable[Mapping[str, str]]) -> tuple[str, str] | None:
    """Return what is wrong where one of the lines before has this code on this day."""
    if all((each["date"], each["code"]) != (row["date"], row["code"]) for each in known):
        return None
    cure = "一个社区拆成几个的不写在这里：从 divisions.csv 里删去原来的，加上新的，由部门按新的报"
    return f"{row['code']} 同一天写了两次", cure


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
    that were merged mean what they became, also in the county it left.
    """
    connection.execute(
        f"""create or replace table standard.division_alias as
        with ever as ({_ever(settings)}), merged as ({_merged(settings)}), division as (
            select distinct e.code as own_code, coalesce(m.merged_into, e.code) as code, e.name, e.level, e.parent_code
            from ever as e left join merged as m using (code)
        ), community as (
            select v.own_code, v.code, v.name, c.name as county_name,
                unnest(list_distinct([substr(v.code, 1, 6), substr(v.own_code, 1, 6)])) as county_code,
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
