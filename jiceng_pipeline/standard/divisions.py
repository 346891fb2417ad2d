"""Administrative divisions (统计用区划代码): the tree, and the names people write for a community."""

from pathlib import Path

import duckdb

from jiceng_pipeline.core.settings import Settings

# what follows a community's own name in official and in everyday writing
_SUFFIX = "(社区居民委员会|社区居委会|居民委员会|居委会|村民委员会|村委会)$"


def create_division(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `standard.division(code, name, level, parent_code)` from `data/reference/divisions.csv`."""
    source = Path(settings.reference / "divisions.csv")
    connection.execute(
        f"""create or replace table standard.division as
        select code, name, level, parent_code
        from read_csv('{source}', header = true, delim = ',', quote = '"', columns = {{
            'code': 'varchar', 'name': 'varchar', 'level': 'varchar', 'parent_code': 'varchar'}})
        order by code"""
    )


def create_division_alias(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
    """Create `standard.division_alias(county_code, alias, code)`: only names that mean one community there.

    虹桥社区居委会 is also written 虹桥社区居民委员会, 虹桥社区, 虹桥, with or without its street in front.
    """
    connection.execute(
        f"""create or replace table standard.division_alias as
        with community as (
            select v.code, v.name, substr(v.code, 1, 6) as county_code, t.name as township_name,
                regexp_replace(v.name, '{_SUFFIX}', '') as stem
            from standard.division as v
            join standard.division as t on t.code = v.parent_code
            where v.level = 'village'
        ), written as (
            select code, county_code, township_name, unnest([
                code, name, stem, stem || '社区', stem || '村', stem || '居委会', stem || '村委会',
                stem || '社区居委会', stem || '社区居民委员会', stem || '村民委员会', stem || '居民委员会',
                regexp_replace(stem, '(社区|村)$', '')]) as alias
            from community
        ), every as (
            select county_code, alias, code from written
            union
            select county_code, township_name || alias, code from written where alias <> code
        )
        select county_code, alias, min(code) as code
        from every
        where alias <> ''
        group by county_code, alias
        having count(distinct code) = 1
        order by all"""
    )
