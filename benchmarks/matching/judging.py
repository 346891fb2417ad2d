"""How good the answers are, and how hard the data is: the only reader of the truth."""

from pathlib import Path

from benchmarks.matching import metrics
from benchmarks.matching.dataset import RECORD, Dataset
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import connect


def judged(dataset: Dataset, settings: Settings, answer: Path) -> dict[str, float]:
    """Return the scores of an answer (record_id, entity_id); raise ValueError unless it has every record once."""
    with connect(settings=settings) as connection:
        given, kept, wanted = connection.execute(
            f"""with answer as (from {_rows(answer)}), record as (from {_rows(dataset.table(RECORD))})
            select (select count(*) from answer), (select count(*) from record semi join answer using (record_id)),
                (select count(*) from record)"""
        ).fetchall()[0]
        if not given == kept == wanted:
            raise ValueError(f"{answer.name}: {given} answers, {kept} of {wanted} records")
        return metrics.scores(
            connection,
            f"""select a.entity_id as predicted, t.true_id, r.citizen_id is null as is_residual
            from {_rows(answer)} as a join {_rows(dataset.table(RECORD))} as r using (record_id)
            left join {_rows(dataset.truth)} as t using (record_id)""",
        )


def floors(dataset: Dataset, settings: Settings) -> dict[str, float]:
    """Return what identical valid numbers alone reach, and the share of records without one: how hard it is."""
    with connect(settings=settings) as connection:
        found = metrics.scores(
            connection,
            f"""select coalesce(r.citizen_id, r.record_id) as predicted, t.true_id, r.citizen_id is null as is_residual
            from {_rows(dataset.table(RECORD))} as r
            left join {_rows(dataset.truth)} as t using (record_id)""",
        )
        without, records = connection.execute(
            f"select count(*) filter (citizen_id is null), count(*) from {_rows(dataset.table(RECORD))}"
        ).fetchall()[0]
    named = {f"exact_number_{name}": found[name] for name in ("precision", "recall", "f1")}
    return named | {"records": records, "share_without_number": without / records}


def _rows(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"
