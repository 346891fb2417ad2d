"""The checks: one step a layer judges its rules, each an asset check on the table it speaks of.

Rules do not block one table from the next: a sync builds and checks everything, so that every owner gets
all problems at once. What blocks is `publishable`, between the tickets and the published version.
"""

from collections.abc import Iterator
from datetime import date
from typing import get_args

import dagster as dg

from jiceng_pipeline.core.errors import JicengError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import catalogue, figures, gate, tables
from jiceng_pipeline.defs.layers import OWNER, POOL, described, key, layer
from jiceng_pipeline.defs.resources import SyncRun
from jiceng_pipeline.defs.sync import Sync
from jiceng_pipeline.quality import history, run
from jiceng_pipeline.quality.rule import Layer, Rule, rules
from jiceng_pipeline.quality.run import CheckResult

# The layers whose rules also judge what lies between them and the layer before.
_SCHEMAS = {"landing": {"landing"}, "standard": {"standard"}, "returned": {"returned"}}


@dg.definitions
def defs() -> dg.Definitions:
    """Return a step per layer, the tickets that follow from all of them, and the gate."""
    judged = [_judged(each) for each in get_args(Layer)]
    every = catalogue.tables(Settings.load())
    ticket = tables.asset(every[catalogue.TICKET], {spec.key for step in judged for spec in step.specs})
    return dg.Definitions(assets=[*judged, ticket], asset_checks=[publishable])


@dg.asset_check(
    asset=key(catalogue.TICKET),
    blocking=True,
    pool=POOL,
    description="必须通过的检查全部通过；否则不发布，上一版本继续使用",
)
def publishable(sync_run: SyncRun) -> dg.AssetCheckResult:
    """Stop the run before it publishes where a blocking rule did not pass."""
    refusal = sync_run.step("publishable", _refusal)
    return dg.AssetCheckResult(passed=refusal is None, description=refusal.what if refusal else "可以发布")


def _refusal(sync: Sync) -> JicengError | None:
    with sync.connection() as connection:
        refusal = gate.refusal(connection)
    if refusal:
        sync.note(refusal)
    sync.step_done("quality", "能否发布")
    return refusal


def _judged(of: Layer) -> dg.AssetsDefinition:
    chosen = [rule for rule in rules().values() if rule.layer == of]
    asset = dg.AssetSpec(
        ["quality", of],
        deps=sorted(_awaited(of, chosen)),
        group_name="quality",
        description=described(
            "quality", f"{layer(of).title}的检查", f"{len(chosen)} 条规则，由 great_expectations 判定"
        ),
        kinds={"duckdb", "greatexpectations"},
        owners=[OWNER],
        tags={"layer": "quality"},
    )

    # The checks are of the layer's tables, not of the asset that stands for the step, so that the tickets can
    # wait for the step without waiting for it to pass. Dagster does not document the parameter that allows
    # this; its version is pinned, and test_graph would notice.
    @dg.multi_asset(
        name=f"quality__{of}",
        specs=[asset],
        check_specs=[_spec(rule) for rule in chosen],
        allow_arbitrary_check_specs=True,
        can_subset=True,
        pool=POOL,
    )
    def judged(
        context: dg.AssetExecutionContext, sync_run: SyncRun
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        results = sync_run.step(f"quality/{of}", lambda sync: _judge(sync, of))
        days = history.read(sync_run.settings).days[-history.SHOWN_SYNCS :]
        for result in results:
            if _spec(result.rule).key in context.selected_asset_check_keys:
                yield _told(result, history.trend(days, result.rule.id))
        if asset.key in context.selected_asset_keys:
            failed = sum(not result.passed for result in results)
            yield dg.MaterializeResult(
                asset_key=asset.key, metadata={"规则": len(results), "通过": len(results) - failed, "未通过": failed}
            )

    return judged


def _judge(sync: Sync, of: Layer) -> list[CheckResult]:
    with sync.connection() as connection:
        results = (
            figures.check_results(connection, of) if sync.is_unchanged else run.check(connection, of, sync.settings)
        )
    sync.step_done("quality", f"{layer(of).title}的检查")
    return results


def _spec(rule: Rule) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        rule.id,
        asset=key(rule.table),
        description=f"{rule.title}。{rule.meaning}",
        metadata={"severity": rule.severity, "owner": rule.owner},
    )


def _told(result: CheckResult, trend: list[tuple[date, int]]) -> dg.AssetCheckResult:
    """Return a result as the graph shows it: counts, now and at earlier syncs, and surrogate keys, never a value."""
    is_serious = result.rule.blocks or result.broken
    return dg.AssetCheckResult(
        asset_key=key(result.rule.table),
        check_name=result.rule.id,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.ERROR if is_serious else dg.AssetCheckSeverity.WARN,
        description=f"规则没能判定：{result.reason}" if result.broken else None,
        metadata={
            "不合规则": result.failed_count,
            "检查行数": result.total_count,
            "例子": dg.MetadataValue.json(list(result.sample_keys)),
            "以往": dg.MetadataValue.json({day.isoformat(): failed for day, failed in trend}),
        },
    )


def _awaited(of: Layer, chosen: list[Rule]) -> set[dg.AssetKey]:
    """Return the tables of the layer and those its rules name."""
    elsewhere = {"quality", *(schema for schemas in _SCHEMAS.values() for schema in schemas)}
    every = catalogue.tables(Settings.load()).values()
    own = {
        table.full_name
        for table in every
        if (table.schema in _SCHEMAS[of] if of in _SCHEMAS else table.schema not in elsewhere)
    }
    return {key(name) for name in own | {name for rule in chosen for name in rule.tables}}
