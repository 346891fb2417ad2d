"""Accuracy against a truth somebody else holds: over pairs of records, over records (B-cubed), over clusters.

Pairs as record linkage counts them (Christen, Data Matching, 2012, ch. 7): a predicted pair is two records
in one entity, a true pair two records of one real thing. B-cubed averages over records (Bagga and Baldwin,
1998). A record without truth makes only false pairs. The residual figures count the pairs in which at
least one record has no usable identifier: what scoring alone achieves. Only this module reads the truth.
"""

from pathlib import Path
from typing import Any, Protocol

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.landing.identity import record_id_expression
from jiceng_pipeline.standard.macro import literal


class Truth(Protocol):
    """Where the truth tables lie, as Parquet."""

    @property
    def resident(self) -> Path:
        """person_id, household_id."""

    @property
    def resident_record(self) -> Path:
        """system, source_key, person_id."""

    @property
    def enterprise_record(self) -> Path:
        """system, source_key, enterprise_id."""

    @property
    def error(self) -> Path:
        """system, source_key, column, kind of every error made."""


_MOST_DOUBLED = 9  # how often one source key may stand in one system before we stop looking
_LEAST_RECORDS = 20  # of a kind of error, to say anything of it
# The kind of error that no level, key or weight of the matcher was made for: what it makes of it is told on its own.
UNKNOWN_ERROR = "name_lookalike"


def evaluate(connection: duckdb.DuckDBPyConnection, settings: Settings, truth: Truth) -> dict[str, dict[str, float]]:
    """Compare a published database with the truth tables.

    Returns entity → precision, recall, f1; b3_precision, b3_recall, b3_f1; exact_clusters (share of true
    entities found whole and pure), over_merged and split (counts); and residual_precision, _recall, _f1.
    """
    _load_truth(connection, settings, truth)
    found = {}
    for entity, assigned in (
        ("resident", _records("resident")),
        ("household", _household()),
        ("enterprise", _records("enterprise")),
    ):
        connection.execute(f"create or replace temp table assigned as {assigned}")
        found[entity] = {**_pairs(connection), **_cubed(connection), **_clusters(connection)}
        if entity != "household":
            found[entity] |= {f"residual_{name}": value for name, value in _residual(connection).items()}
    return found


def by_error(connection: duckdb.DuckDBPyConnection, settings: Settings, truth: Truth) -> dict[str, dict[str, float]]:
    """Return kind of error → records, and the share of them that are with most of their person's records."""
    connection.execute(
        f"""create or replace temp table mistaken as
        select distinct {_record_id(settings)} as record_id, kind
        from read_parquet({literal(str(truth.error))}), range(1, {_MOST_DOUBLED + 1}) as o(ordinal)"""
    )
    return _shares(connection, "mistaken as e join placed as p using (record_id)", "e.kind")


def by_system(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, float]]:
    """Return system → records, and the share of them that are with most of their person's records."""
    return _shares(connection, "placed as p", "p.system")


def valid_ids_merged(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many residents hold two different valid identity numbers of their own without a decision."""
    return int(
        connection.execute(
            """select count(*) from (
                select l.entity_id from staging.resident_record as r join matching.resident_link as l using (record_id)
                where r.citizen_id is not null and r.record_id not in (select record_id from matching.resident_borrowed)
                    and l.entity_id not in (
                    select d.entity_id from matching.resident_link as d join matching.decision as s
                        on d.record_id in (s.record_id_a, s.record_id_b) where s.verdict = 'same')
                group by l.entity_id having count(distinct r.citizen_id) > 1)"""
        ).fetchall()[0][0]
    )


def _record_id(settings: Settings) -> str:
    return record_id_expression(settings.secret, "system", "source_key", "ordinal")


def _load_truth(connection: duckdb.DuckDBPyConnection, settings: Settings, truth: Truth) -> None:
    """Create temp tables `truth_<entity>(record_id, true_id)` and `placed(record_id, system, is_home)`."""
    for entity, true_id, path in (
        ("resident", "person_id", truth.resident_record),
        ("enterprise", "enterprise_id", truth.enterprise_record),
    ):
        connection.execute(
            f"""create or replace temp table truth_{entity} as
            select {_record_id(settings)} as record_id, {true_id} as true_id
            from read_parquet({literal(str(path))}), range(1, {_MOST_DOUBLED + 1}) as o(ordinal)"""
        )
    connection.execute(
        f"""create or replace temp table truth_household as
        select person_id, household_id from read_parquet({literal(str(truth.resident))})"""
    )
    connection.execute(
        """create or replace temp table placed as
        with counted as (
            select t.true_id, l.entity_id, count(*) as records
            from matching.resident_link as l join truth_resident as t using (record_id) where l.is_current group by all
        ), home as (
            select true_id, entity_id from counted
            qualify row_number() over (partition by true_id order by records desc, entity_id) = 1
        )
        select l.record_id, l.system, l.entity_id = h.entity_id as is_home
        from matching.resident_link as l join truth_resident as t using (record_id) join home as h using (true_id)
        where l.is_current"""
    )


def _records(entity: str) -> str:
    return f"""select l.entity_id as predicted, t.true_id, l.method = 'identifier' as is_anchored
        from matching.{entity}_link as l left join truth_{entity} as t using (record_id) where l.is_current"""


def _household() -> str:
    """One row a true resident: the household we place them in (by most of their records), and the true one."""
    return """with placed as (
            select coalesce(t.true_id, l.record_id) as person_id, m.household_id, count(*) as records
            from matching.resident_link as l
            join matching.household_member as m on m.resident_id = l.entity_id
            left join truth_resident as t using (record_id)
            where l.is_current
            group by all
        ), one as (
            select person_id, household_id from placed
            qualify row_number() over (partition by person_id order by records desc, household_id) = 1
        )
        select one.household_id as predicted, h.household_id as true_id, false as is_anchored
        from one left join truth_household as h using (person_id)"""


_CELLS = """with cell as (
        select predicted, true_id, count(*) as n, count(*) filter (where is_anchored) as a
        from assigned group by predicted, true_id
    ), predicted as (select predicted, sum(n) as n, sum(a) as a from cell group by predicted),
    actual as (select true_id, sum(n) as n, sum(a) as a from cell where true_id is not null group by true_id)"""


def _pairs(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    return _ratio(
        connection.execute(
            f"""{_CELLS}
            select (select coalesce(sum(n * (n - 1) / 2), 0) from cell where true_id is not null),
                (select coalesce(sum(n * (n - 1) / 2), 0) from predicted),
                (select coalesce(sum(n * (n - 1) / 2), 0) from actual)"""
        ).fetchall()[0]
    )


def _residual(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Pairs of which at least one record is no anchor: all pairs less those of anchors."""
    pairs = "coalesce(sum(n * (n - 1) / 2 - a * (a - 1) / 2), 0)"
    return _ratio(
        connection.execute(
            f"""{_CELLS}
            select (select {pairs} from cell where true_id is not null), (select {pairs} from predicted),
                (select {pairs} from actual)"""
        ).fetchall()[0]
    )


def _cubed(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    precision, recall = connection.execute(
        f"""{_CELLS}
        select sum(c.n * c.n / p.n) / sum(c.n), sum(c.n * c.n / t.n) / sum(c.n)
        from cell as c join predicted as p using (predicted) join actual as t using (true_id)"""
    ).fetchall()[0]
    f1 = 2 * precision * recall / (precision + recall) if precision and recall else 0.0
    return {"b3_precision": precision or 0.0, "b3_recall": recall or 0.0, "b3_f1": f1}


def _clusters(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    exact, over, split = connection.execute(
        f"""{_CELLS}
        select (select count(*) from cell as c join predicted as p using (predicted) join actual as t using (true_id)
                where c.n = p.n and c.n = t.n) / (select greatest(count(*), 1) from actual),
            (select count(*) from (select predicted from cell group by predicted having count(*) > 1)),
            (select count(*) from (select true_id from cell where true_id is not null
                group by true_id having count(*) > 1))"""
    ).fetchall()[0]
    return {"exact_clusters": exact, "over_merged": over, "split": split}


def _shares(connection: duckdb.DuckDBPyConnection, source: str, by: str) -> dict[str, dict[str, float]]:
    rows = connection.execute(
        f"""select {by}, count(*), avg(cast(p.is_home as integer)) from {source}
        group by {by} having count(*) >= {_LEAST_RECORDS} order by {by}"""
    ).fetchall()
    return {name: {"records": count, "found": found} for name, count, found in rows}


def _ratio(counts: Any) -> dict[str, float]:
    both, predicted, true = counts
    precision = both / predicted if predicted else 1.0
    recall = both / true if true else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}
