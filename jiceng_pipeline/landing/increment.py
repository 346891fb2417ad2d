"""Increments: from where changes are asked for, and what of the answer is news.

The connector is asked for rows whose cursor is not below the highest taken so far; several rows may
share an instant, so some come again. What repeats a held row unchanged is counted and not kept; a row
that says its record has ended ends it. The cursor comes from landed snapshots only: what was lost on
the way is asked for again. Everything is asked for (a sweep, which ends whatever is no longer there)
at first, `sweep_days` after the last time, when the snapshots in force are damaged, and when the
contract now reads the system otherwise. A row without a cursor, or that its system let others see only
after later ones had been taken, comes with the sweep.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from jiceng_pipeline.connectors.base import FILE, ROW, Since
from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.departments.delivery import Incremental
from jiceng_pipeline.landing import force, outcome, snapshot
from jiceng_pipeline.landing.snapshot import ENDED, RECORD_ID, ROW_HASH, Snapshot
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import identifier

_INSTANT = re.compile(r"^\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Change:
    """What the rows of a delivery do to the records in force; of a full one only `ended` is counted."""

    new: int = 0
    changed: int = 0
    ended: int = 0
    repeated: int = 0


def declared(contract: Contract) -> dict[str, Any] | None:
    """Return what of the contract a cursor and an end depend on, as snapshot.json keeps it."""
    if not isinstance(contract.delivery, Incremental):
        return None
    return contract.delivery.model_dump(mode="json", exclude={"sweep_days"})


def asked_from(contract: Contract, settings: Settings, links: Sequence[Snapshot]) -> Since | None:
    """Return from where changes are asked for, None where everything is; `links` is the chain in force."""
    if not isinstance(contract.delivery, Incremental) or not force.is_sound(links):
        return None
    meta = links[-1].meta
    reads_alike = (meta.get("declared"), tuple(meta["schema"]), tuple(meta["key"])) == (
        declared(contract),
        contract.source_columns,
        contract.key,
    )
    due = _last_sweep(settings, contract, links[0]) + timedelta(days=contract.delivery.sweep_days)
    if not reads_alike or meta["cursor"] is None or clock.now().astimezone(clock.LOCAL).date() >= due:
        return None
    return Since(contract.delivery.cursor, meta["cursor"])


def _last_sweep(settings: Settings, contract: Contract, full: Snapshot) -> date:
    """Return the day everything was last taken: a sweep that found nothing new left only an outcome."""
    for path in sorted(outcome.folder(settings, contract).glob("[0-9]*.json"), reverse=True):
        if path.stem <= full.stamp:
            break
        told = outcome.Outcome.read(path)
        if told.delivery == "full" and told.status != "failed":
            return snapshot.local_date(path.stem)
    return snapshot.local_date(full.stamp)


def highest(table: str, column: str) -> str:
    """Return the select of the highest cursor.

    It passes over a mistyped day in the future, and over what is no instant where others are (2026/5/9, 20260509):
    either sorts behind every change to come and would hide it.
    """
    cursor, tomorrow = identifier(column), clock.now().astimezone(clock.LOCAL).date() + timedelta(days=1)
    return rf"""select coalesce(
            max({cursor}) filter (where is_instant and left({cursor}, 10) <= '{tomorrow.isoformat()}'),
            max({cursor}) filter (where not is_instant))
        from (select {cursor}, regexp_matches({cursor}, '{_INSTANT.pattern}') as is_instant from {table})
        where {cursor} <> ''"""


def later(one: str | None, other: str | None) -> str | None:
    """Return the later of two cursors; of an instant and what is none, the instant."""
    told = [each for each in (one, other) if each]
    return max([each for each in told if _INSTANT.match(each)] or told, default=None)


def leave_doubled(engine: duckdb.DuckDBPyConnection, rows: Path, cursor: str) -> pa.Table:
    """Leave in the file the latest row of each key, and return where the others stood."""
    source = f"read_parquet({literal(str(rows))}, file_row_number = true)"
    doubled = engine.execute(
        f"""select place, {FILE}, {ROW} from (
            select file_row_number as place, {FILE}, {ROW}, row_number() over (
                partition by {RECORD_ID}
                order by {identifier(cursor)} desc nulls last, {ENDED}, {ROW_HASH}, {ROW} nulls first, file_row_number
            ) as ordinal
            from {source}
            where hash({RECORD_ID}) in (select hash({RECORD_ID}) from {source} group by all having count(*) > 1)
        )
        where ordinal > 1 order by place"""
    ).to_arrow_table()
    if doubled.num_rows:
        engine.register("doubled", doubled)
        _leave(engine, rows, "file_row_number not in (select place from doubled)")
        engine.unregister("doubled")
    return doubled


def settle(engine: duckdb.DuckDBPyConnection, rows: Path, links: Sequence[Snapshot]) -> Change:
    """Leave in the file only what is news to the records that the chain `links` holds, and count it all."""
    came = f"read_parquet({literal(str(rows))})"
    if not links:
        return Change(ended=engine.execute(f"select count(*) from {came} where {ENDED}").fetchall()[0][0])
    engine.execute(
        f"""create or replace temp table news as
        with held as ({_held(links, came)})
        select came.{RECORD_ID}, case
            when came.{ENDED} then case when is_held then 'ended' else 'repeated' end
            when not coalesce(is_held, false) then 'new'
            when came.{ROW_HASH} = held.{ROW_HASH} then 'repeated' else 'changed' end as kind
        from {came} as came left join held on held.{RECORD_ID} = came.{RECORD_ID}"""
    )
    found = Change(**dict(engine.execute("select kind, count(*) from news group by kind order by kind").fetchall()))
    if found.repeated:
        _leave(engine, rows, f"{RECORD_ID} not in (select {RECORD_ID} from news where kind = 'repeated')")
    return found


def _held(links: Sequence[Snapshot], came: str) -> str:
    """Return the select of what the chain says of the records that came."""
    every = " union all ".join(
        f"select {literal(each.stamp)} as landed, {RECORD_ID}, {ROW_HASH}, {ENDED}"
        f" from read_parquet({literal(str(each.rows))}) where {RECORD_ID} in (select {RECORD_ID} from {came})"
        for each in links
    )
    return f"""select {RECORD_ID}, {ROW_HASH}, not {ENDED} as is_held from ({every})
        qualify row_number() over (partition by {RECORD_ID} order by landed desc) = 1"""


def ended_sum(engine: duckdb.DuckDBPyConnection, rows: Path) -> tuple[Any, ...]:
    """Return how many rows say that their record has ended and the sum of their hashes, for the content hash."""
    found: tuple[Any, ...] = engine.execute(
        f"""select count(*), sum(('0x' || left({ROW_HASH}, 16))::ubigint)
        from read_parquet({literal(str(rows))}) where {ENDED}"""
    ).fetchall()[0]
    return found


def _leave(engine: duckdb.DuckDBPyConnection, rows: Path, condition: str) -> None:
    """Write the file again with the rows that fulfil the condition, in their order."""
    columns = ", ".join(map(identifier, pq.read_schema(rows).names))
    draft = rows.with_suffix(".draft")
    engine.execute(
        f"""copy (select {columns} from read_parquet({literal(str(rows))}, file_row_number = true)
        where {condition} order by file_row_number) to {literal(str(draft))} (format parquet, compression zstd)"""
    )
    draft.replace(rows)
