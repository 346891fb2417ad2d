"""Whether a delivery can be what the system has: not empty, not half, of the right place and the right time."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from jiceng_pipeline.connectors.base import FILE
from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import SourceRejected
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.departments.delivery import Period, Within
from jiceng_pipeline.landing import snapshot
from jiceng_pipeline.standard import divisions
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import identifier

# A register does not lose half its people between two deliveries; an export that was cut off, filtered
# or taken from a test system does. Landing it would end those records and with them what hangs on them.
KEEP_AT_LEAST = 0.5
PERIOD = "period"  # the note of the day or month a delivery is of, as ISO 8601
_COUNTY = 6  # digits of a county in a division code
_PERIOD = re.compile(  # a month, a day, or a day with a time
    r"(?<!\d)(20\d\d)[-_.年]?(0[1-9]|1[0-2])(?:[-_.月]?(0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?)?(?!\d)"
)


def check_size(
    contract: Contract, engine: duckdb.DuckDBPyConnection, work: Path, usable: int, had: int, allow_shrinking: bool
) -> None:
    """Refuse a delivery in `work` that is empty or lost most of the records the system had."""
    if not usable:
        rejects = f"read_parquet({literal(str(work / snapshot.REJECTS))})"
        rows_in, why = engine.execute(f"select count(*), mode(reason order by reason) from {rejects}").fetchall()[0]
        seen = f"{rows_in} 行全部读不出来（{why}）" if rows_in else "一行数据也没有"
        raise SourceRejected(f"空文件：{seen}", where=contract.name, cure="请检查导出条件和格式后重新导出")
    if usable < KEEP_AT_LEAST * had and not allow_shrinking:
        raise SourceRejected(
            f"半截文件：这次只有 {usable} 行可用，上次有 {had} 行",
            where=contract.name,
            cure="请核对是否导出完整；确实减少的，请书面说明，"
            f"由管理员放行一次：JICENG_LET_IN={contract.name} jiceng sync",
        )


def expected(
    contract: Contract,
    settings: Settings,
    engine: duckdb.DuckDBPyConnection,
    work: Path,
    notes: Mapping[str, str],
    before: Mapping[str, str],
) -> dict[str, str]:
    """Refuse a delivery in `work` that is not as the contract expects; return what is to be noted of it.

    `engine` is a scratch database, `notes` are its connector's, `before` those of the delivery in force.
    """
    expect = contract.expect
    if not (expect.within or expect.period):
        return {}
    rows = f"read_parquet({literal(str(work / snapshot.ROWS))})"
    if expect.within:
        _check_place(contract, settings, expect.within, engine, rows)
    return {PERIOD: _period(contract, expect.period, engine, rows, notes, before)} if expect.period else {}


def _check_place(
    contract: Contract, settings: Settings, within: Within, engine: duckdb.DuckDBPyConnection, rows: str
) -> None:
    """Refuse a delivery most of whose communities are unknown or lie outside the division it is of."""
    division = within.division or contract.jurisdiction
    engine.execute("create schema standard")
    divisions.create_division(engine, settings)
    divisions.create_division_alias(engine, settings)
    told, inside, outside, place = engine.execute(
        f"""with told as (
            select _squeezed({identifier(within.column)}) as alias, count(*) as number
            from {rows} group by alias having alias is not null
        ), found as (
            select told.alias, any_value(told.number) as number,
                max(starts_with(code, {literal(division)})) as inside
            from told left join standard.division_alias as known
                on known.alias = told.alias and known.county_code in ('', {literal(division[:_COUNTY])})
            group by told.alias
        )
        select coalesce(sum(number), 0), coalesce(sum(number) filter (where inside), 0),
            coalesce(sum(number) filter (where not inside), 0),
            (select max(name) from standard.division where rtrim(code, '0') = rtrim({literal(division)}, '0'))
        from found"""
    ).fetchall()[0]
    if told - inside > within.elsewhere * told:
        raise SourceRejected(
            f"可能送错了地方的数据：{within.column} 填了 {told} 行，只有 {inside} 行在{place or ''}（{division}），"
            f"{outside} 行在别处，{told - inside - outside} 行不认识",
            where=contract.name,
            cure="请核对导出时选的区县、乡镇（街道），重新导出；区划确有调整的，请管理员更新区划表或合同",
        )


def _period(
    contract: Contract,
    expect: Period,
    engine: duckdb.DuckDBPyConnection,
    rows: str,
    notes: Mapping[str, str],
    before: Mapping[str, str],
) -> str:
    """Return the day a delivery is of, of a month its first; refuse one of the future or older than in force."""
    told, place = _told(expect, engine, rows, notes)
    try:
        day = max(map(_day, told), default=None)
    except ValueError:
        day = None
    if day is None:
        raise SourceRejected(
            f"看不出这份数据是哪一天、哪个月的（{place}）",
            where=contract.name,
            cure="请按约定写明日期，例如 20260501 或 202605，重新放入",
        )
    today = clock.now().astimezone(clock.LOCAL).date()
    if day > today:
        raise SourceRejected(
            f"数据日期还没到：{place}说是 {day}，今天是 {today}",
            where=contract.name,
            cure="请核对是否写错了日期，或电脑的时钟不对，改正后重新导出",
        )
    if (held := before.get(PERIOD)) and day.isoformat() < held:
        raise SourceRejected(
            f"送来的是旧的：{place}说是 {day}，现用的是 {held}",
            where=contract.name,
            cure="请核对导出时选的月份（日期），送最新的一份",
        )
    return day.isoformat()


def _told(
    expect: Period, engine: duckdb.DuckDBPyConnection, rows: str, notes: Mapping[str, str]
) -> tuple[list[str], str]:
    """Return what may say the day, and what that is called."""
    if expect.told_by == "header":
        return [notes.get("header", "")], "文件开头行"
    if expect.told_by == "file_name":
        return _texts(engine, f"select distinct {FILE} from {rows} order by {FILE}"), "文件名"
    column = identifier(expect.column)
    most = f"""select {column} from {rows} where std_text({column}) is not null
        group by {column} order by count(*) desc, {column} desc limit 1"""
    return _texts(engine, most), f"{expect.column} 一列"


def _texts(engine: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    return [text for (text,) in engine.execute(sql).fetchall()]


def _day(text: str) -> date:
    """Return the day a text names, of a month its first; raise ValueError where it names none."""
    found = _PERIOD.search(text)
    if found is None:
        raise ValueError
    return date(int(found[1]), int(found[2]), int(found[3] or 1))
