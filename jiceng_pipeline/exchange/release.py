"""A release (统计发布): the indicators of one version as they may leave, small figures left out and the rest rounded.

There is one release of a version, the same for everybody, so that nobody can put two of them together. It is made over
all divisions at once; who asks sees the part of their scope. It lies in `released/<version>/`, and the last three
decide what the next one leaves out.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.errors import IntegrityError, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange.disclosure import ROUNDING, THRESHOLD, Cell, Pattern, System, rounded, system, unproved
from jiceng_pipeline.exchange.disclosure_moves import protected
from jiceng_pipeline.exchange.indicators import Indicator, Node, indicators
from jiceng_pipeline.exchange.rollup import VALUE
from jiceng_pipeline.ledger.kinds.audit import Channel
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns.access import authorise, failed, served
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.returns.grants import EVERYTHING
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

COLUMNS: Final = ("division_code", "division_name", "indicator_category", "indicator_value", "indicator_share")
_REMEMBERED: Final = 3  # earlier releases that decide what this one leaves out
_FIGURES: Final = "figures.parquet"


@dataclass(frozen=True)
class Release:
    """What was released: how many figures, how many of them small, how many left out in all."""

    version: str
    folder: Path
    figures: int
    small: int
    suppressed: int
    is_new: bool


def dataset(name: str, title: str, purpose: str) -> Dataset:
    """Return the dataset whose leave is asked for; a grant names it `indicator:<id>`."""
    return Dataset(f"indicator:{name}", title, purpose, COLUMNS)


def make(settings: Settings, *, actor: str, purpose: str, channel: Channel = "cli") -> Release:
    """Release the version being served, unless that was done; all of it is read, so leave for all of it is needed.

    Raise UsageError before the first version, AccessDenied where nothing covers it, IntegrityError where a figure
    that is left out could be worked out (then nothing is released).
    """
    version = publish.find(settings)
    wanted = dataset("release", "统计发布", "把指标整理成可以对外的统计数")
    with open_ledger(settings) as ledger:
        access = authorise(
            ledger, actor, wanted, EVERYTHING, "full", purpose,
            action="release", version=version.name, channel=channel,
        )  # fmt: skip
        try:
            folder = settings.home / "released" / version.name
            told, is_new = _told(folder), False
            if told is None:
                told, is_new = _made(settings, version.database, folder), True
        except BaseException:
            failed(ledger, access)
            raise
        served(ledger, access, told["figures"])
    return Release(version.name, folder, told["figures"], told["small"], told["suppressed"], is_new)


def latest(settings: Settings) -> Path:
    """Return the file of the last release; raise UsageError before the first."""
    found = _earlier(settings)
    if not found:
        raise UsageError("还没有统计发布", where="released", cure="先运行 jiceng indicator release")
    return found[-1] / _FIGURES


def controlled(
    known: Mapping[str, Indicator], connection: duckdb.DuckDBPyConnection, before: Sequence[Path] = ()
) -> tuple[System, Pattern]:
    """Return the figures of an opened version as a system, and what of them is left out after `before`."""
    counted = [name for name, each in known.items() if not each.is_ratio]
    rows = connection.execute(
        f"""select indicator, category, division_code, value from {VALUE}
        where indicator in (select unnest(?)) and value > 0 order by all""",
        [counted],
    ).fetchall()
    divisions = connection.execute(f"select distinct division_code, parent_code from {VALUE} order by all").fetchall()
    made = system(known, rows, dict(divisions))
    held = {
        (made.number(known, Node(indicator, category)), division)
        for folder in before
        for indicator, category, division in connection.execute(
            """select indicator, category, division_code from read_parquet(?) where value is null""",
            [str(folder / _FIGURES)],
        ).fetchall()
        if indicator in known
    }
    also = {cell for cell in held if 0 < made.value(cell) < THRESHOLD + ROUNDING}
    return made, protected(made, held, also)


def _made(settings: Settings, database: Path, folder: Path) -> dict[str, Any]:
    known = indicators(settings.sql_models)
    with connect(database, settings=settings, read_only=True) as connection:
        made, pattern = controlled(known, connection, _earlier(settings)[-_REMEMBERED:])
        divisions = connection.execute(f"select distinct division_code, level, parent_code from {VALUE}").fetchall()
    if wanting := unproved(made, pattern):
        raise IntegrityError(
            f"有 {len(wanting)} 个不公布的数可能被推算出来，没有发布", where="统计发布", cure="报告给维护人员"
        )
    places = {code: (level, parent) for code, level, parent in divisions}
    rows = list(_rows(known, made, pattern.suppressed, places))
    told = {
        "version": folder.name,
        "released": clock.now().isoformat(),
        "figures": len(rows),
        "small": len(pattern.small),
        "suppressed": sum(row["value"] is None for row in rows),
        "threshold": THRESHOLD,
        "rounding": ROUNDING,
    }
    with files.new_folder(folder) as draft:
        pq.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), draft / _FIGURES)
        files.write_json(draft / "manifest.json", told)
    return told


_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("indicator", "category", "division_code", "level", "parent_code")]
    + [("value", pa.int64())]
)


def _rows(
    known: Mapping[str, Indicator],
    made: System,
    suppressed: frozenset[Cell],
    places: Mapping[str, tuple[str, str | None]],
) -> list[dict[str, object]]:
    """Return the figures as they are released: null where left out. A node goes by every indicator that is it."""
    named: dict[int, list[Node]] = {}
    for node, number in made.nodes.items():
        if number not in made.implicit:
            named.setdefault(number, []).append(node)
    for name, each in known.items():
        if each.sums_to is not None:
            named.setdefault(made.number(known, each.sums_to), []).append(Node(name))
    return sorted(
        (
            {
                "indicator": node.indicator,
                "category": node.category,
                "division_code": division,
                "level": places[division][0],
                "parent_code": places[division][1],
                "value": None if (number, division) in suppressed else rounded(value),
            }
            for (number, division), value in made.values.items()
            for node in named.get(number, ())
        ),
        key=lambda row: (row["indicator"], row["division_code"], row["category"]),
    )


def _earlier(settings: Settings) -> list[Path]:
    return sorted(path.parent for path in (settings.home / "released").glob("2*/manifest.json"))


def _told(folder: Path) -> dict[str, Any] | None:
    path = folder / "manifest.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else None
