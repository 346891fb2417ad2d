"""The tables of a build: one asset each, made in the run's private database."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import dagster as dg

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import catalogue, columns, figures, plots, rescored
from jiceng_pipeline.defs.layers import OWNER, POOL, described, key
from jiceng_pipeline.defs.resources import SyncRun
from jiceng_pipeline.defs.sync import Sync
from jiceng_pipeline.warehouse.table import Table, materialise


@dg.definitions
def defs() -> dg.Definitions:
    """Return an asset per table, but for the tickets, which follow the checks."""
    tables = catalogue.tables(Settings.load())
    return dg.Definitions(
        assets=[asset(table, _awaited(table)) for name, table in tables.items() if name != catalogue.TICKET]
    )


def asset(table: Table, deps: set[dg.AssetKey]) -> dg.AssetsDefinition:
    """Return the asset of a table that is made once `deps` are there."""

    @dg.asset(
        key=key(table.full_name),
        deps=sorted(deps),
        group_name=table.schema,
        description=_description(table),
        kinds={"duckdb", "sql" if table.sql else "python"},
        owners=[OWNER],
        tags={"layer": table.schema},
        metadata={"dagster/relation_identifier": table.full_name},
        code_version=sha256(table.sql.encode()).hexdigest()[:12] if table.sql else None,
        pool=POOL,
        # those that need the build for themselves come one after the other: it is closed and opened once for all
        op_tags={"dagster/priority": "-1"} if table.is_alone else {},
    )
    def made(sync_run: SyncRun) -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata=sync_run.step(table.full_name, lambda sync: _make(sync, table)))

    return made


def _make(sync: Sync, table: Table) -> Mapping[str, Any]:
    """Make the table and return what the graph shows of it."""
    if table.full_name == catalogue.OUTCOME:
        sync.bind()
    with sync.connection(alone=table.is_alone) as connection:
        if sync.is_unchanged:
            known = sync.served_rows(table.full_name)
            rows = figures.count(connection, table.full_name) if known is None else known
        else:
            rows = materialise(connection, table, sync.settings)
            sync.made(table.full_name, rows)
        told = {
            "dagster/row_count": rows,
            "dagster/column_schema": columns.schema(connection, table),
            **({"dagster/column_lineage": columns.lineage(connection, table)} if table.sql else {}),
            **plots.of(connection, sync.settings, table.full_name),
            **rescored.of(connection, table.full_name),
        }
    if table.full_name == catalogue.OUTCOME:
        sync.settle()
    sync.step_done(table.schema, table.title, rows)
    return told


def _awaited(table: Table) -> set[dg.AssetKey]:
    """Return the tables it reads; those that read none wait until every system has been pulled."""
    reads_tables = any(not name.startswith("landing.") for name in table.depends)
    begins = not reads_tables and table.full_name != catalogue.OUTCOME
    return {*(key(name) for name in table.depends), *([key(catalogue.OUTCOME)] if begins else [])}


def _description(table: Table) -> str:
    code = f"\n\n```sql\n{table.sql.strip()}\n```" if table.sql else ""
    return described(table.schema, table.title, table.purpose) + code
