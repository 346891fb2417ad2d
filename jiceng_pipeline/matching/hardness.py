"""How hard the data is, to be printed beside every figure of accuracy, and the floors it must not fall below.

Easy data make every method look good: what counts is how many records have no number to go by, and how far
somebody gets who trusts the numbers alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.landing.identity import record_id_expression
from jiceng_pipeline.standard.macro import literal

_MOST_DOUBLED = 9  # how often one source key may stand in one system before we stop looking


class Truth(Protocol):
    """Where the truth table lies, as Parquet."""

    @property
    def resident_record(self) -> Path:
        """system, source_key, person_id."""


@dataclass(frozen=True)
class Hardness:
    """What the current records of residents are like; precision, recall and F1 are of pairs of records."""

    records: int
    share_without_usable_id: float
    exact_id_precision: float
    exact_id_recall: float
    exact_id_f1: float


@dataclass(frozen=True)
class Floor:
    """How hard data has to be at least: this share without a number, and numbers alone do not get beyond."""

    share_without_usable_id: float
    exact_id_recall: float
    exact_id_f1: float = 1.0

    def lacking(self, found: Hardness) -> tuple[str, ...]:
        """Return in what the data is too easy; nothing where it is hard enough."""
        too_easy = {
            "share_without_usable_id": found.share_without_usable_id < self.share_without_usable_id,
            "exact_id_recall": found.exact_id_recall > self.exact_id_recall,
            "exact_id_f1": found.exact_id_f1 > self.exact_id_f1,
        }
        return tuple(name for name, is_so in too_easy.items() if is_so)


# profile of errors → how hard its data has to be
FLOORS: Mapping[str, Floor] = MappingProxyType({"default": Floor(0.10, 0.85, 0.92), "harsh": Floor(0.25, 0.70)})


def hardness(connection: duckdb.DuckDBPyConnection, settings: Settings, truth: Truth) -> Hardness:
    """Measure a published database against the truth: records grouped by identical valid numbers alone.

    Numbers of permits and passports count as well. A record without truth makes only false pairs.
    """
    records, without, both, predicted, true = connection.execute(
        f"""with true_record as (
            select {record_id_expression(settings.secret, "system", "source_key", "ordinal")} as record_id, person_id
            from read_parquet({literal(str(truth.resident_record))}), range(1, {_MOST_DOUBLED + 1}) as o(ordinal)
        ), named as (
            select r.record_id, t.person_id, coalesce(r.citizen_id, r.other_document_number) as number
            from standard.resident_record as r left join true_record as t using (record_id)
            where r.is_current
        ), pairs as (
            select 'both' as what, count(*) as n from named
                where number is not null and person_id is not null group by number, person_id
            union all select 'predicted', count(*) from named where number is not null group by number
            union all select 'true', count(*) from named where person_id is not null group by person_id
        )
        select (select count(*) from named), (select count(*) from named where number is null),
            coalesce(sum(n * (n - 1) / 2) filter (where what = 'both'), 0),
            coalesce(sum(n * (n - 1) / 2) filter (where what = 'predicted'), 0),
            coalesce(sum(n * (n - 1) / 2) filter (where what = 'true'), 0)
        from pairs"""
    ).fetchall()[0]
    precision = both / predicted if predicted else 1.0
    recall = both / true if true else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return Hardness(records, without / records if records else 0.0, precision, recall, f1)
