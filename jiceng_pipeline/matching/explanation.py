"""Why two records are, or are not, one: the weights of everything that was compared, one after the other."""

from dataclasses import dataclass

import duckdb

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import features, scoring, statistics, versions, words
from jiceng_pipeline.matching.model import Matching, matchings
from jiceng_pipeline.standard.macro import literal


@dataclass(frozen=True)
class Step:
    """One comparison: what was compared, what was found, and its bits; above zero speaks for one entity."""

    title: str
    words: str
    bits: float


@dataclass(frozen=True)
class Side:
    """Where one of the two records went, and how."""

    record_id: str
    system: str
    entity_id: str
    method: str


@dataclass(frozen=True)
class Explanation:
    """The steps of a waterfall; no value of a record is in it."""

    entity: str
    sides: tuple[Side, Side]
    steps: tuple[Step, ...]
    decided: str | None
    link: float

    @property
    def bits(self) -> float:
        """The sum of the steps."""
        return round(sum(step.bits for step in self.steps), 2)

    @property
    def is_one(self) -> bool:
        """Whether both records belong to one entity in this version."""
        return self.sides[0].entity_id == self.sides[1].entity_id


def explain(connection: duckdb.DuckDBPyConnection, settings: Settings, one: str, other: str) -> Explanation:
    """Compare two records of the database in use as the engine does, each by itself.

    The engine compares a record with all that an entity holds, so its sum can lie above this one's.
    Raise UsageError where a record is not there, the two are of different kinds, or another program made the version.
    """
    if one == other:
        raise UsageError("两条记录是同一条", where="jiceng explain", cure="给出两条不同的 record_id")
    matching = _matching(connection, one, other)
    entity = matching.entity
    version = versions.read(settings, entity, versions.named(connection, entity))
    try:
        features.create(connection, matching, f"r.record_id in ({literal(one)}, {literal(other)})")
    except duckdb.BinderException:
        raise UsageError(
            "在用的版本由较早的程序做成，没有现在比对要读的列",
            where="jiceng explain",
            cure="先运行 jiceng sync，再看新版本里的这两条记录",
        ) from None
    versions.load(connection, settings, matching, version, named="true", is_few=True)
    statistics.apply(connection, matching)
    connection.execute("create or replace temp table pair as select min(rid) as rid, max(rid) as tid from prepared")
    connection.execute("create or replace temp view left_row as from prepared where rid in (select rid from pair)")
    connection.execute("create or replace temp view placed_row as from prepared")
    connection.execute(
        """create or replace temp view target_row as
        select * replace (rid as tid) from prepared where rid in (select tid from pair)"""
    )
    scoring.left_values(connection, matching)
    scoring.compare_pairs(connection, matching)
    levels = connection.execute(f"select {', '.join(matching.comparisons)} from compared").fetchall()[0]
    steps = [Step("起点", words.PRIOR, version.weights["prior"][0] / 100)]
    for name, level in zip(matching.comparisons, levels, strict=True):
        bits = version.weights[name].get(level, 0) / 100
        steps.append(Step(words.title(matching, name), words.said(matching, name, level), bits))
    return Explanation(
        entity,
        (_side(connection, entity, one), _side(connection, entity, other)),
        tuple(steps),
        _decided(connection, one, other),
        matching.link,
    )


def _matching(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> Matching:
    for matching in matchings().values():
        found = connection.execute(
            f"select count(*) from {matching.records} where record_id in (?, ?)", [one, other]
        ).fetchall()[0][0]
        if found == 2:
            return matching
    raise UsageError("没有这样两条同类的记录", where="jiceng explain", cure="从清单或检查结果中取 record_id")


def _side(connection: duckdb.DuckDBPyConnection, entity: str, record_id: str) -> Side:
    row = connection.execute(
        f"select record_id, system, entity_id, method from matching.{entity}_link where record_id = ?", [record_id]
    ).fetchall()[0]
    return Side(*row)


def _decided(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> str | None:
    first, second = sorted((one, other))
    rows = connection.execute(
        "select verdict from matching.decision where record_id_a = ? and record_id_b = ?", [first, second]
    ).fetchall()
    return rows[0][0] if rows else None
