"""Accuracy against a truth somebody else holds: precision, recall and F1 over pairs of records.

Pairs, not clusters, as record linkage counts them (Christen, Data Matching, 2012, ch. 7): a predicted
pair is two records in one entity, a true pair two records of one real thing. A record without truth
makes only false pairs. Households are judged over pairs of true residents placed in one household.
"""

from pathlib import Path
from typing import Protocol

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


_MOST_DOUBLED = 9  # how often one source key may stand in one system before we stop looking


def evaluate(connection: duckdb.DuckDBPyConnection, settings: Settings, truth: Truth) -> dict[str, dict[str, float]]:
    """Compare a published database with the truth tables.

    Returns entity → precision, recall, f1.
    """
    _load_truth(connection, settings, truth)
    return {
        "resident": _scores(connection, _records("resident")),
        "household": _scores(connection, _household()),
        "enterprise": _scores(connection, _records("enterprise")),
    }


def valid_ids_merged(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many residents hold two different valid identity numbers of their own."""
    return int(
        connection.execute(
            """select count(*) from (
                select l.entity_id from matching.resident_anchor as a join matching.resident_link as l using (record_id)
                where not a.is_borrowed group by l.entity_id having count(distinct a.identifier) > 1)"""
        ).fetchall()[0][0]
    )


def exact_id_only(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Return what grouping by identical valid numbers alone would reach: how hard the data is."""
    return _scores(
        connection,
        """select coalesce(s.citizen_id, s.record_id) as predicted, t.true_id
        from staging.resident_record as s left join truth_resident as t using (record_id) where s.is_current""",
    )


def _load_truth(connection: duckdb.DuckDBPyConnection, settings: Settings, truth: Truth) -> None:
    for entity, true_id, path in (
        ("resident", "person_id", truth.resident_record),
        ("enterprise", "enterprise_id", truth.enterprise_record),
    ):
        connection.execute(
            f"""create or replace temp table truth_{entity} as
            select {record_id_expression(settings.secret, "system", "source_key", "ordinal")} as record_id,
                {true_id} as true_id
            from read_parquet({literal(str(path))}), range(1, {_MOST_DOUBLED + 1}) as o(ordinal)"""
        )
    connection.execute(
        f"""create or replace temp table truth_household as
        select person_id, household_id from read_parquet({literal(str(truth.resident))})"""
    )


def _records(entity: str) -> str:
    return f"""select l.entity_id as predicted, t.true_id
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
        select one.household_id as predicted, h.household_id as true_id
        from one left join truth_household as h using (person_id)"""


def _scores(connection: duckdb.DuckDBPyConnection, assigned: str) -> dict[str, float]:
    """Return precision, recall and F1 of (predicted, true_id) rows; a null true_id matches nothing."""
    both, predicted, true = connection.execute(
        f"""with assigned as ({assigned}), pairs as (
            select 'both' as what, count(*) as n from assigned where true_id is not null group by predicted, true_id
            union all select 'predicted', count(*) from assigned group by predicted
            union all select 'true', count(*) from assigned where true_id is not null group by true_id
        )
        select coalesce(sum(n * (n - 1) / 2) filter (where what = 'both'), 0),
            coalesce(sum(n * (n - 1) / 2) filter (where what = 'predicted'), 0),
            coalesce(sum(n * (n - 1) / 2) filter (where what = 'true'), 0)
        from pairs"""
    ).fetchall()[0]
    precision = both / predicted if predicted else 1.0
    recall = both / true if true else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}
