"""How much of a matching was done anew, and why all of it where it was: counts only."""

from collections.abc import Mapping

import dagster as dg
import duckdb

from jiceng_pipeline.matching.model import matchings

_MATCHES = {f"matching.{entity}_match" for entity in matchings()}


def of(connection: duckdb.DuckDBPyConnection, full_name: str) -> Mapping[str, dg.MetadataValue]:
    """Return what the step that has just made this table on this connection weighed; nothing for other tables."""
    made = "select 1 from duckdb_tables() where temporary and table_name = 'rescored'"
    if full_name not in _MATCHES or not connection.execute(made).fetchall():
        return {}
    records, changed, to_place, anew, beside, why = connection.execute("from rescored").fetchall()[0]
    if why:
        told = f"全部重新比对：{to_place:,} 条没有可用号码的记录（共 {records:,} 条记录）。{why}。"
    else:
        told = (
            f"共 {records:,} 条记录，变动 {changed:,} 条；没有可用号码的 {to_place:,} 条中，重新比对 {anew:,} 条，"
            f"只与变动的对象比对 {beside:,} 条，其余沿用上次的结果。"
        )
    return {"重新比对": dg.MetadataValue.text(told)}
