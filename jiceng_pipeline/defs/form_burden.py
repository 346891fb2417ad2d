"""The burden of forms after each night's sync: a table and a plot a department, in a run of its own."""

from collections.abc import Sequence

import dagster as dg

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import plots, processes
from jiceng_pipeline.defs.failure import guarded
from jiceng_pipeline.defs.layers import FORMS, OWNER, VERSION, described
from jiceng_pipeline.forms import burden
from jiceng_pipeline.forms.burden import Burden
from jiceng_pipeline.forms.definition import forms
from jiceng_pipeline.quality.pages import plot

JOB = "form_burden"
KEY = dg.AssetKey([FORMS, "burden"])
_COLUMNS = {
    "部门": "string", "表": "int", "行": "int", "格": "int", "预填": "int", "待核实": "int", "要填": "int",
    "重复采集": "int", "已填回": "int", "已核实": "int", "节省分钟": "int",
}  # fmt: skip


@dg.definitions
def defs() -> dg.Definitions:
    """Return the asset, its job and the schedule."""
    job = dg.define_asset_job(JOB, selection=dg.AssetSelection.assets(KEY), description="数一数各部门的表要填多少格")
    schedule = dg.ScheduleDefinition(
        name="weekly_form_burden",
        job=job,
        cron_schedule="0 5 * * 1",
        execution_timezone="Asia/Shanghai",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="每周一早上数一次",
    )
    return dg.Definitions(assets=[_burden()], jobs=[job], schedules=[schedule])


def _burden() -> dg.AssetsDefinition:
    @dg.asset(
        key=KEY,
        deps=[VERSION],
        group_name=FORMS,
        description=described(
            FORMS, "填表负担", "各部门的表要多少格，多少已预填、要核实、要填，多少是重复采集；只排部门，不排社区"
        ),
        kinds={"duckdb"},
        owners=[OWNER],
        tags={"layer": FORMS},
    )
    def counted(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        processes.sign(context.instance, context.run.run_id)
        every = guarded(KEY.to_user_string(), lambda: burden.by_department(Settings.load()), lambda _: None)
        return dg.MaterializeResult(metadata=_told(every))

    return counted


def _told(every: Sequence[Burden]) -> dict[str, dg.MetadataValue]:
    """Return numbers, which Dagster plots over its runs, a table a department and a plot; who asks again most first."""
    names = {form.department: form.owner.split()[0] for form in forms().values()}
    rows = [
        (
            names[each.department], each.forms, each.rows, each.cells, each.prefilled, each.to_verify, each.to_fill,
            each.asked_again, each.typed, each.verified, round(each.minutes_saved),
        )
        for each in every
    ]  # fmt: skip
    cells, prefilled = sum(each.cells for each in every), sum(each.prefilled for each in every)
    says = f"{cells:,} 格里 {prefilled / cells:.0%} 已经预填。" if cells else "还没有表。"
    series = {
        "预填": [each.prefilled for each in every],
        "要填": [each.to_fill for each in every],
        "重复采集": [each.asked_again for each in every],
    }
    drawn = plot.svg("各部门的表有多少格", says, [names[each.department] for each in every], series)
    return {
        "各部门": dg.TableMetadataValue(
            records=[dg.TableRecord(dict(zip(_COLUMNS, row, strict=True))) for row in rows],
            schema=dg.TableSchema([dg.TableColumn(name, kind) for name, kind in _COLUMNS.items()]),
        ),
        "图": dg.MetadataValue.md(f"{says}\n\n![各部门的表有多少格]({plots.image(drawn)})"),
        "格": dg.MetadataValue.int(cells),
        "预填": dg.MetadataValue.int(prefilled),
        "重复采集": dg.MetadataValue.int(sum(each.asked_again for each in every)),
        "节省小时": dg.MetadataValue.int(round(sum(each.minutes_saved for each in every) / 60)),
    }
