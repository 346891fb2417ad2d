"""Plots beside the tables of matching: how sure the links are, what the probes say of the model, what differs how.

Counts and shares only; no value of a record is in them.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence

import dagster as dg
import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import disagreement, versions
from jiceng_pipeline.matching.model import Matching, matchings
from jiceng_pipeline.quality.pages import plot

_BUCKET = 2  # bits


def of(connection: duckdb.DuckDBPyConnection, settings: Settings, full_name: str) -> Mapping[str, dg.MetadataValue]:
    """Return title → plot of a table, or a number, which Dagster plots over its runs; nothing for most."""
    if full_name == "governance.conflict":
        counts = dict(connection.execute("select kind, count(*) from governance.conflict group by kind").fetchall())
        return {title: dg.MetadataValue.int(counts.get(kind, 0)) for kind, title in disagreement.KINDS.items()}
    if full_name == "matching.model":
        return {
            f"{matching.title}：隐去号码的试验": drawn
            for matching in matchings().values()
            if (drawn := _accuracy(settings, matching, versions.named(connection, matching.entity)))
        }
    for matching in matchings().values():
        if full_name == f"matching.{matching.entity}_match":
            return {"分数分布": _weights(connection, matching)}
    return {}


def image(svg: str) -> str:
    """Return an image as an address that Markdown can show."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _accuracy(settings: Settings, matching: Matching, name: str) -> dg.MetadataValue | None:
    found = versions.read(settings, matching.entity, name).accuracy
    if not found:
        return None
    return _shown(
        "归并线定在各分数上时，归错和归不上的",
        f"把一部分有号码的记录的号码隐去再归并，看结果对不对。现用归并线 {matching.link:g} 比特；"
        "归错的可以当真，归不上的实际更多：真正没有号码的记录更乱。",
        [f"{each.link_bits} 比特" for each in found],
        {
            "每万条归错": [10_000 * (1 - each.precision) for each in found],
            "每百条归不上": [100 * (1 - each.recall) for each in found],
        },
    )


def _weights(connection: duckdb.DuckDBPyConnection, matching: Matching) -> dg.MetadataValue:
    rows = connection.execute(
        f"""select cast(floor(near_weight / {_BUCKET * 100}) as integer) * {_BUCKET} as bits,
            count(*) filter (where method = 'residual'), count(*) filter (where method <> 'residual')
        from matching.{matching.entity}_match where near_weight is not null group by bits order by bits"""
    ).fetchall()
    return _shown(
        "没有可用号码的记录，与最相近对象的分数",
        f"归并线 {matching.link:g} 比特，并且要比第二相近的高 {matching.margin:g}；线附近的记录最值得人看。",
        [f"{bits} 比特" for bits, *_ in rows],
        {"归并": [joined for _, joined, _ in rows], "没有归并": [apart for *_, apart in rows]},
    )


def _shown(title: str, says: str, labels: Sequence[str], series: Mapping[str, plot.Values]) -> dg.MetadataValue:
    if not labels:
        return dg.MetadataValue.md(f"{title}：还没有数据")
    return dg.MetadataValue.md(f"{says}\n\n![{title}]({image(plot.svg(title, says, labels, series))})")
