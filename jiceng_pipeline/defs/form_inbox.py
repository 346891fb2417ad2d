"""Filled workbooks that somebody puts into the inbox of the home: read by a run of their own, as they arrive.

Whoever may write into that folder hands forms in for every community: the operating system guards it, and the run
acts as the operator. What is taken stands after the next sync.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

import dagster as dg

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import processes
from jiceng_pipeline.defs.failure import guarded
from jiceng_pipeline.defs.layers import FORMS, OWNER, VERSION, described
from jiceng_pipeline.forms import inbox
from jiceng_pipeline.forms.report import FATES, Fate
from jiceng_pipeline.returns.grants import OPERATOR
from jiceng_pipeline.warehouse import publish

JOB = "form_inbox"
KEY = dg.AssetKey([FORMS, "inbox"])
_SETTLED_SECONDS = 5  # a file younger than this may still be being written


@dg.definitions
def defs() -> dg.Definitions:
    """Return the asset, its job and the sensor."""
    job = dg.define_asset_job(JOB, selection=dg.AssetSelection.assets(KEY), description="收放进收件文件夹的表")

    @dg.sensor(
        job=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="有人把填好的表放进收件文件夹时收一次",
    )
    def filled_form(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        settings = Settings.load()
        if publish.current(settings) is None:
            return dg.SkipReason("还没有发布过版本")
        present = inbox.waiting(settings.inbox, _SETTLED_SECONDS)
        if not present:
            return dg.SkipReason("没有新交来的表")
        # a file that could not be put away asks for a run once, not every half minute
        said = "\n".join(f"{path.name} {path.stat().st_mtime_ns}" for path in present)
        name = sha256(said.encode()).hexdigest()[:16]
        if name == context.cursor:
            return dg.SkipReason("已经收过一次，没有收走")
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=name)], cursor=name)

    return dg.Definitions(assets=[_inbox()], jobs=[job], sensors=[filled_form])


def _inbox() -> dg.AssetsDefinition:
    @dg.asset(
        key=KEY,
        deps=[VERSION],
        group_name=FORMS,
        description=described(FORMS, "交回的表", "收件文件夹里的表各收一次，回执放在旁边；收下的值下次同步起生效"),
        kinds={"excel"},
        owners=[OWNER],
        tags={"layer": FORMS},
    )
    def taken(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        processes.sign(context.instance, context.run.run_id)
        settings = Settings.load()
        told = guarded(
            KEY.to_user_string(),
            lambda: inbox.read_all(settings, OPERATOR, settled_seconds=_SETTLED_SECONDS),
            lambda _: None,
        )
        return dg.MaterializeResult(metadata=_counted(told))

    return taken


def _counted(told: Sequence[inbox.Told]) -> dict[str, dg.MetadataValue]:
    """Return counts: the name of a file may be somebody's."""
    reports = [each for _, each in told if not isinstance(each, UsageError)]
    cells: Counter[Fate] = Counter()
    for each in reports:
        cells.update(each.counts)
    return {
        "收到": dg.MetadataValue.int(len(told)),
        "没有收": dg.MetadataValue.int(len(told) - len(reports)),
        "以前交过": dg.MetadataValue.int(sum(each.is_repeat for each in reports)),
        **{FATES[fate]: dg.MetadataValue.int(count) for fate, count in cells.items() if count},
    }
