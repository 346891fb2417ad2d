"""标注 (marks): cells that are in doubt (存疑) or out of date (过期). They are shown like any other, and marked.

A workbook has a comment on the cell; a file that cannot have one has a last column that says it of each row.

A mark on a cell that is not shown would tell that there is something in it, so there is none.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress

import duckdb

from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.standard.macro import literal

IN_DOUBT, STALE = "存疑", "过期"
COLUMN = "cell_marks"  # where a file has no comments on cells
_KEYS = {"resident_id": "resident", "enterprise_id": "enterprise", "household_id": "household"}
_SELECTS = {
    "quality.open_dispute": f"""select entity, entity_id, element_id, '{IN_DOUBT}：有社区提出异议，来源部门还在核实'
        as words from quality.open_dispute""",
    "governance.stale_cell": f"""select entity, entity_id, element_id, '{STALE}：' || source_date
        || ' 以来没有更新，已超过有效期 ' || days_over || ' 天' as words from governance.stale_cell""",
}
Marks = Mapping[str, Mapping[str, str]]  # key of the row → column → words


def key(dataset: Dataset) -> str | None:
    """Return the column that names the entity a row of the dataset is about, None where rows are not of entities."""
    return next((column for column in _KEYS if column in dataset.columns), None)


def find(connection: duckdb.DuckDBPyConnection, dataset: Dataset, where: str, shown: Collection[str]) -> Marks:
    """Return the marks on the rows of a dataset for which the SQL `where` holds, on the columns `shown` alone."""
    named = key(dataset)
    return of(connection, dataset, f"select {named} from {dataset.table} where {where}", shown) if named else {}


def of(connection: duckdb.DuckDBPyConnection, dataset: Dataset, entities: str, shown: Collection[str]) -> Marks:
    """Return the marks on the rows whose key is among what the SQL `entities` lists, on the columns `shown` alone."""
    named = key(dataset)
    known = list(_known(connection))
    if named is None or not known or not shown:
        return {}
    found: dict[str, dict[str, str]] = {}
    for entity_id, element_id, words in connection.execute(
        f"""select entity_id, element_id, string_agg(words, '；' order by words) as words
        from ({" union all ".join(known)})
        where entity = {literal(_KEYS[named])} and element_id in ({", ".join(map(literal, sorted(shown)))})
            and entity_id in ({entities})
        group by entity_id, element_id order by entity_id, element_id"""
    ).fetchall():
        found.setdefault(entity_id, {})[element_id] = words
    return found


def _known(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yield the selects of what this version has: one published before there were marks has none."""
    for name, select in _SELECTS.items():
        with suppress(duckdb.CatalogException):
            connection.execute(f"describe {name}")  # a tenth of what the list of all tables takes
            yield select
