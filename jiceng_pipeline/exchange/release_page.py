"""Reading one indicator for a place and the divisions below it: as released or, in full and for a purpose, exactly."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange.indicators import Indicator, Node, find
from jiceng_pipeline.exchange.release import dataset, latest
from jiceng_pipeline.exchange.rollup import DIVISION, LEVELS, UNPLACED, VALUE, restated
from jiceng_pipeline.ledger.kinds.audit import Channel
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import communities
from jiceng_pipeline.returns.access import authorise, failed, served
from jiceng_pipeline.returns.communities import Place
from jiceng_pipeline.standard import divisions
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.publish import Version

Key = tuple[str, str]  # division, category
Values = Mapping[tuple[Node, str], int | None]


@dataclass(frozen=True)
class Figure:
    """One figure; `value` is None where it is not released, `share` only of a ratio."""

    division_code: str
    division_name: str
    category: str
    value: int | None
    share: float | None


@dataclass(frozen=True)
class Figures:
    """One indicator for a place and the divisions right below it; what is absent is nothing."""

    indicator: Indicator
    place: Place
    rows: Sequence[Figure]
    version: str
    is_exact: bool
    receipt: str


def show(
    settings: Settings, *, actor: str, indicator: str, place: str, exact: bool = False, purpose: str = "",
    version: str | None = None, as_now: bool = False, channel: Channel = "page",
) -> Figures:  # fmt: skip
    """Return the figures of the last release or, where `exact`, of a version, by default the one being served.

    An earlier version is told as it was, under the divisions of its day, or `as_now`, under those of the version
    being served: communities merged since then count in what they became. The place too is found so.

    Raise UsageError for an indicator or place there is not and before the first release, AccessDenied where nothing
    covers it: `statistics` for what is released, `full` with a purpose for what is exact.
    """
    wanted = find(settings.sql_models, indicator)
    file = None if exact else latest(settings)
    chosen = publish.find(settings, version)
    where = communities.find(_of_its_day(settings, chosen) if exact and not as_now else settings, place)
    name = chosen.name if file is None else file.parent.name
    asked = dataset(wanted.name, wanted.title, wanted.purpose)
    with open_ledger(settings) as ledger:
        access = authorise(
            ledger, actor, asked, where.code, "full" if exact else "statistics", purpose or None,
            action="indicator", version=name, channel=channel,
        )  # fmt: skip
        try:
            shown = access.maskings["indicator_value"].sql("value")
            with _source(settings, chosen, file, as_now) as (connection, source):
                values = _values(connection, wanted, where, shown, access.where("division_code"), source)
            rows = _figures(settings, wanted, values)
        except BaseException:
            failed(ledger, access)
            raise
        served(ledger, access, len(rows))
    return Figures(wanted, where, rows, name, exact, access.receipt)


def _of_its_day(settings: Settings, version: Version) -> Settings:
    """Return the settings as on the business date of a version, when a community merged since was still there."""
    return replace(settings, business_date=date.fromisoformat(version.manifest["inputs"]["business_date"]))


@contextmanager
def _source(
    settings: Settings, version: Version, file: Path | None, as_now: bool
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Yield a connection and what to read there: a release, a version as it was, or restated for today's divisions."""
    if file is not None:
        with connect(settings=settings) as connection:
            yield connection, f"read_parquet({literal(str(file))})"
        return
    served = publish.find(settings)
    if not as_now or version.name == served.name:
        with connect(version.database, settings=settings, read_only=True) as connection:
            yield connection, VALUE
        return
    then = {"earlier": version.database}
    with connect(served.database, settings=settings, read_only=True, attach=then) as connection:
        yield connection, f"({restated(f'earlier.{VALUE}', DIVISION, divisions.merged(settings))}) as restated"


def _values(
    connection: duckdb.DuckDBPyConnection, wanted: Indicator, place: Place, shown: str, scope: str, source: str
) -> Values:
    nodes = [node for node in (wanted.numerator, wanted.denominator) if node] or [Node(wanted.name, "*")]
    code = literal(place.code.ljust(12, "0"))
    chosen = " or ".join(
        f"indicator = {literal(node.indicator)}"
        + (f" and category = {literal(node.category)}" if node.category != "*" else "")
        for node in nodes
    )
    return {
        (Node(indicator, category), division): value
        for indicator, category, division, value in connection.execute(
            f"""select indicator, category, division_code, {shown} from {source}
            where ({chosen}) and (division_code = {code} or parent_code = {code}) and {scope}
            order by division_code, indicator, category"""
        ).fetchall()
    }


def _figures(settings: Settings, wanted: Indicator, values: Values) -> list[Figure]:
    names = {each.code.ljust(12, "0"): each.name for each in communities.places(settings.reference).values()}

    def place(code: str) -> str:
        return LEVELS[UNPLACED] if code.endswith("X") else names.get(code, code)

    if wanted.numerator is None or wanted.denominator is None:
        return [
            Figure(division, place(division), wanted.words(node.category), value, None)
            for (node, division), value in values.items()
        ]
    found = []
    for division in sorted({division for _, division in values}):
        value = values.get((wanted.numerator, division), 0)
        base = values.get((wanted.denominator, division), 0)
        share = round(100 * value / base, 1) if value is not None and base else None
        found.append(Figure(division, place(division), wanted.words(""), value, share))
    return found
