"""Landed systems: what each department's system sent, pulled into an immutable snapshot."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import DefinitionError, SourceUnreachable
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs.layers import described, key
from jiceng_pipeline.defs.resources import SyncRun
from jiceng_pipeline.departments.contract import RHYTHM_DAYS, Contract, contracts
from jiceng_pipeline.landing import connections, pull, snapshot
from jiceng_pipeline.landing.outcome import Outcome

# Only a source that cannot be reached is tried again, and only once, for connectors have patience of their
# own; everything else gives the same result each time, a system too that nobody has said the address of. No policy of
# the operation, which would also try again what was interrupted or found the disk full.
RETRIES = 1
_WAIT = dg.RetryPolicy(delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
ARRIVED = "arrived"


@dg.definitions
def defs() -> dg.Definitions:
    """Return an asset per contract."""
    return dg.Definitions(assets=[_landed(contract) for contract in contracts().values()])


def _landed(contract: Contract) -> dg.AssetsDefinition:
    asset = key(f"landing.{contract.table}")

    @dg.asset(
        key=asset,
        group_name="landing",
        description=described(
            "landing",
            contract.title,
            f"{contract.owner.name}。依据：{contract.legal_basis}。每行一条记录，原样保存，从不修改。",
        ),
        kinds={contract.connector.kind, "parquet"},
        owners=[f"team:{contract.owner.name}"],
        tags={"department": contract.department, "sharing": contract.sharing, "rhythm": contract.rhythm},
        metadata={"联系方式": contract.owner.contact, "主键": "、".join(contract.key)},
        freshness_policy=_freshness(contract),
        check_specs=[
            dg.AssetCheckSpec(ARRIVED, asset=asset, description="这次拉到了数据，且不早于这个系统约定的更新周期")
        ],
    )
    def landed(
        context: dg.AssetExecutionContext, sync_run: SyncRun
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        outcome = sync_run.step(
            contract.name,
            lambda sync: pull.pull(contract, sync.settings, allow_shrinking=contract.name in sync.settings.let_in),
        )
        if context.retry_number < RETRIES and _may_be_reached(outcome, sync_run.sync.settings):
            raise dg.RetryRequested(RETRIES, _WAIT.calculate_delay(context.retry_number + 1))
        sync_run.sync.pulled(contract, outcome)
        yield dg.MaterializeResult(metadata=_told(outcome))
        yield _arrived(contract, sync_run.sync.settings, outcome)

    return landed


def _may_be_reached(outcome: Outcome, settings: Settings) -> bool:
    """Return whether a system that could not be reached may be in a moment."""
    if not outcome.error or outcome.error["kind"] != SourceUnreachable.__name__:
        return False
    try:
        return connections.is_known(settings, outcome.system)
    except DefinitionError:
        return False


def _told(outcome: Outcome) -> dict[str, dg.MetadataValue]:
    """Return what the graph shows of a pull: counts and places, no values."""
    found: dict[str, dg.MetadataValue] = {
        "状态": dg.MetadataValue.text({"landed": "已落地", "unchanged": "没有变化"}.get(outcome.status, "失败")),
        "拉取行": dg.MetadataValue.int(outcome.rows_in),
        "拒收行": dg.MetadataValue.int(outcome.rows_rejected),
        "字节": dg.MetadataValue.int(outcome.bytes),
        "快照": dg.MetadataValue.text(outcome.snapshot or "还没有"),
        "dagster/row_count": dg.MetadataValue.int(outcome.rows_accepted),
    }
    for name, part in (("原因", "what"), ("位置", "where"), ("怎么办", "cure")):
        if outcome.error and outcome.error.get(part):
            found[name] = dg.MetadataValue.text(outcome.error[part])
    return found


def _arrived(contract: Contract, settings: Settings, outcome: Outcome) -> dg.AssetCheckResult:
    taken = snapshot.in_force(settings, contract)
    days = (clock.business_date(settings) - snapshot.local_date(taken.stamp)).days if taken else None
    is_fresh = days is not None and days <= _tolerated(contract)
    words = "从未有过数据" if days is None else f"现用快照是 {days} 天前的，约定每 {_tolerated(contract) // 2} 天更新"
    return dg.AssetCheckResult(
        check_name=ARRIVED,
        passed=outcome.status != "failed" and is_fresh,
        severity=dg.AssetCheckSeverity.WARN,
        description=words,
    )


def _tolerated(contract: Contract) -> int:
    """Return after how many days without a new snapshot somebody should ask: one delivery was missed."""
    return 2 * RHYTHM_DAYS[contract.rhythm]


def _freshness(contract: Contract) -> dg.FreshnessPolicy:
    rhythm = timedelta(days=RHYTHM_DAYS[contract.rhythm])
    return dg.FreshnessPolicy.time_window(warn_window=rhythm + timedelta(hours=6), fail_window=2 * rhythm)
