"""Deliveries to subscribers: a job of its own, after every new version and every hour for what is due or stuck.

It reads published versions only, so it never waits for a sync and no sync waits for a receiver.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import processes
from jiceng_pipeline.defs.failure import guarded
from jiceng_pipeline.defs.layers import EXCHANGE, OWNER, VERSION, described
from jiceng_pipeline.exchange import delivery
from jiceng_pipeline.exchange.delivery_round import STATES, Outcome
from jiceng_pipeline.warehouse import publish

JOB = "deliver"
KEY = dg.AssetKey([EXCHANGE, "delivery"])
CHECK = "received"
_RETRIES = 2
_WAIT = dg.RetryPolicy(delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
_COLUMNS = {"订阅": "string", "结果": "string", "批": "int", "行": "int", "批号": "int", "原因": "string"}
_STUCK = {"waiting", "parked", "denied"}


@dg.definitions
def defs() -> dg.Definitions:
    """Return the asset, its job, the schedule and the sensor."""
    job = dg.define_asset_job(
        JOB, selection=dg.AssetSelection.assets(KEY), description="把订阅的数据交付出去：到时间的、上次没送成的"
    )

    @dg.schedule(
        job=job,
        cron_schedule="20 * * * *",
        execution_timezone="Asia/Shanghai",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="每小时交付一次到时间的和上次没送成的",
    )
    def hourly_delivery(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if publish.current(Settings.load()) is None:
            return dg.SkipReason("还没有发布过版本")
        return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat())

    @dg.sensor(
        job=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="有新版本时交付一次",
    )
    def new_version(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        version = publish.current(Settings.load())
        if version is None or version.name == context.cursor:
            return dg.SkipReason("没有新版本")
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=version.name)], cursor=version.name)

    return dg.Definitions(assets=[_delivery()], jobs=[job], schedules=[hourly_delivery], sensors=[new_version])


def _delivery() -> dg.AssetsDefinition:
    @dg.asset(
        key=KEY,
        deps=[VERSION],
        group_name=EXCHANGE,
        description=described(EXCHANGE, "订阅交付", "每个订阅到第几批、多少行、卡在哪里；一批一张回执，记在账本里"),
        kinds={"parquet", "http", "postgres"},
        owners=[OWNER],
        tags={"layer": EXCHANGE},
        freshness_policy=dg.FreshnessPolicy.time_window(
            warn_window=timedelta(hours=26), fail_window=timedelta(hours=36)
        ),
        check_specs=[dg.AssetCheckSpec(CHECK, asset=KEY, description="到时间的订阅都送到了，没有被拒收的批次")],
    )
    def delivered(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        processes.sign(context.instance, context.run.run_id)
        settings = Settings.load()
        outcomes = guarded(KEY.to_user_string(), lambda: delivery.deliver(settings), lambda _: None)
        if any(each.state == "waiting" for each in outcomes) and context.retry_number < _RETRIES:
            raise dg.RetryRequested(_RETRIES, _WAIT.calculate_delay(context.retry_number + 1))
        yield dg.MaterializeResult(metadata=_told(outcomes))
        stuck = Counter(STATES[each.state] for each in outcomes if each.state in _STUCK)
        yield dg.AssetCheckResult(
            check_name=CHECK,
            passed=not stuck,
            severity=dg.AssetCheckSeverity.WARN,
            description="、".join(f"{words} {count} 个" for words, count in stuck.items()) or "都送到了",
        )

    return delivered


def _told(outcomes: list[Outcome]) -> dict[str, dg.MetadataValue]:
    """Return what the graph shows: counts and numbers, no values."""
    rows = [(o.subscription_id, STATES[o.state], o.batches, o.rows, o.number, o.reason) for o in outcomes]
    table = dg.TableMetadataValue(
        records=[dg.TableRecord(dict(zip(_COLUMNS, row, strict=True))) for row in rows],
        schema=dg.TableSchema([dg.TableColumn(name, kind) for name, kind in _COLUMNS.items()]),
    )
    return {
        "订阅": dg.MetadataValue.int(len(outcomes)),
        "交付行": dg.MetadataValue.int(sum(each.rows for each in outcomes)),
        "明细": table,
    }
