"""Every table a build makes, gathered from the rooms that make them."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts, systems
from jiceng_pipeline.exchange import indicators, light_app, rollup
from jiceng_pipeline.landing import standardise
from jiceng_pipeline.matching import history, stale, tags
from jiceng_pipeline.matching import tables as matching
from jiceng_pipeline.quality import disputes, drift, figure, rhythm, tickets
from jiceng_pipeline.returns import changes
from jiceng_pipeline.services import entitlement
from jiceng_pipeline.warehouse import models
from jiceng_pipeline.warehouse.table import Table

OUTCOME = "landing.outcome"
TICKET = "quality.ticket"


def tables(settings: Settings) -> Mapping[str, Table]:
    """Return full name → table; raise DefinitionError where one needs what nobody makes."""
    return _tables(settings.sql_models)


@cache
def _tables(sql_models: Path) -> Mapping[str, Table]:
    made = (
        *standardise.tables(systems()),
        *matching.tables(),
        history.table(),
        tags.table(),
        entitlement.table(),
        stale.table(),
        *models.tables(sql_models, elsewhere={indicators.SCHEMA, light_app.SCHEMA}),
        *rollup.tables(sql_models),
        *light_app.tables(sql_models),
    )
    returned = frozenset(table.full_name for table in made if table.schema == "returned")
    every = {
        table.full_name: table
        for table in (
            *made,
            figure.table(),
            drift.table(),
            rhythm.table(),
            *disputes.tables(),
            Table(
                "returned",
                "changes",
                "变化清单",
                "与上一版本相比，每个社区的人、户、市场主体有哪些变化",
                returned,
                changes.build,
            ),
            Table(
                "quality",
                "ticket",
                "问题单",
                "退给责任部门的问题：哪个系统、哪个文件、哪一行、什么原因、何时办结",
                frozenset({OUTCOME, "standard.quarantine"}),
                tickets.build,
            ),
        )
    }
    known = {*every, *(f"landing.{contract.table}" for contract in contracts().values())}
    for table in every.values():
        if missing := sorted(table.depends - known):
            raise DefinitionError(f"用到了没有的表 {missing[0]}", where=table.full_name, cure="检查表名，或补上这张表")
    return every
