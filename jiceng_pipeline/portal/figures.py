"""Figures of one division for pictures: counts from the indicators, with the share the divisions above have.

What lies above is told in whole per cent only, and not where it is so small that a per cent would be a person.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from jiceng_pipeline.exchange.indicators import find
from jiceng_pipeline.portal import place_names
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.standard.macro import literal

_FEWEST = 100  # below so many a share of a division above is not told
_LEVELS = (9, 6)


@dataclass(frozen=True)
class Bar:
    """One category: how many here, which share that is, and the shares above, in the order of `Figure.above`."""

    label: str
    count: int
    percent: int
    above: tuple[int | None, ...]


@dataclass(frozen=True)
class Figure:
    """One picture with the sentence that says its point."""

    title: str
    unit: str
    sentence: str
    bars: Sequence[Bar]
    above: Sequence[str]


@dataclass(frozen=True)
class Band:
    """A band of five years of the pyramid."""

    label: str
    men: int
    women: int


def pyramid(connection: duckdb.DuckDBPyConnection, scope: str) -> Sequence[Band]:
    """Return the bands from the youngest to the oldest."""
    rows = connection.execute(
        f"""select split_part(category, '/', -2) as band, sum(value) filter (where category like '%/男'),
            sum(value) filter (where category like '%/女')
        from indicators.value
        where indicator = 'population_by_age_and_sex' and {_here(scope)} and regexp_matches(category, '[0-9].*/[男女]$')
        group by band order by cast(regexp_extract(band, '^[0-9]+') as integer)"""
    ).fetchall()
    return [Band(_plain(label), int(men or 0), int(women or 0)) for label, men, women in rows]


def without_band(connection: duckdb.DuckDBPyConnection, scope: str) -> int:
    """Return how many stand in no half of the pyramid: whose age or sex nobody knows."""
    only = "contains(category, '/') and contains(category, '不详')"
    return sum(_counts(connection, scope, "population_by_age_and_sex", only).values())


def figures(connection: duckdb.DuckDBPyConnection, scope: str) -> list[Figure]:
    """Return the pictures there are figures for."""
    wanted = (
        ("年龄结构", "population_by_age_and_sex", "人", "not contains(category, '/')"),
        ("一户几人", "households_by_size", "户", "true"),
        ("婚姻状况", "population_by_marital_status", "人", "true"),
        ("住房使用", "dwellings_by_occupancy", "套", "true"),
    )
    found = (_figure(connection, scope, *each) for each in wanted)
    return [each for each in found if each.bars]


def tags(connection: duckdb.DuckDBPyConnection, where: str) -> Sequence[Bar]:
    """Return how many residents carry each tag; `where` is the predicate of an Access."""
    rows = connection.execute(
        f"""select t.tag_title, count(distinct t.resident_id) as people from governance.tag as t
        join governance.resident as r on r.resident_id = t.resident_id
        where r.death_date is null and {where} group by t.tag_title order by people desc, t.tag_title"""
    ).fetchall()
    most = max((count for _, count in rows), default=1)
    return [Bar(title, count, round(100 * count / most), ()) for title, count in rows]


def _figure(
    connection: duckdb.DuckDBPyConnection, scope: str, title: str, indicator: str, unit: str, only: str
) -> Figure:
    codes = [scope[:digits] for digits in _LEVELS if len(scope) > digits]
    own = _counts(connection, scope, indicator, only)
    others = [
        (code, counts)
        for code in codes
        if sum((counts := _counts(connection, code, indicator, only)).values()) >= _FEWEST
    ]
    total = sum(own.values())
    bars = [
        Bar(
            _worded(indicator, label),
            count,
            _percent(count, total),
            tuple(_percent(counts.get(label, 0), sum(counts.values())) for _, counts in others),
        )
        for label, count in own.items()
    ]
    return Figure(title, unit, _sentence(bars, unit, total), bars, [place_names.title(code) for code, _ in others])


def _counts(connection: duckdb.DuckDBPyConnection, scope: str, indicator: str, only: str) -> dict[str, int]:
    rows = connection.execute(
        f"""select category, sum(value) from indicators.value
        where indicator = {literal(indicator)} and {_here(scope)} and category <> '' and {only}
        group by category order by category"""
    ).fetchall()
    return {category: int(value) for category, value in rows}


def _here(scope: str) -> str:
    return f"division_code = {literal(scope.rstrip('*').ljust(12, '0'))}"


def _worded(indicator: str, label: str) -> str:
    return _plain(find(settings().sql_models, indicator).words(label))


def _plain(label: str) -> str:
    """Return an age band as people say it: 5—9岁, not 05—09岁."""
    return re.sub(r"(?<![0-9])0(?=[0-9])", "", label)


def _percent(count: int, total: int) -> int:
    return round(100 * count / total) if total else 0


def _sentence(bars: Sequence[Bar], unit: str, total: int) -> str:
    if not bars:
        return ""
    most = max(bars, key=lambda bar: bar.count)
    return f"共 {total:,} {unit}，最多的是“{most.label}”，{most.count:,} {unit}，占百分之{most.percent}。"
