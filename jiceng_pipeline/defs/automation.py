"""What starts a sync without anybody asking: the night, and a file that arrives. Both start one job."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import dagster as dg

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import instance as history
from jiceng_pipeline.defs.layers import AFTER_SYNC
from jiceng_pipeline.landing import connections

JOB = "sync"
_SETTLED_SECONDS = 5  # a file younger than this may still be being written
_UNFINISHED_SUFFIXES = {".part", ".tmp", ".crdownload"}


@dg.definitions
def defs() -> dg.Definitions:
    """Return the job, the schedule and the sensors."""
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all() - dg.AssetSelection.groups(*AFTER_SYNC),
        description="拉取、标准化、归并、检查、发布：一次完整的同步",
    )
    daily_sync = dg.ScheduleDefinition(
        name="daily_sync",
        job=job,
        cron_schedule="0 2 * * *",
        execution_timezone="Asia/Shanghai",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="每天凌晨两点同步一次",
    )

    @dg.sensor(
        job=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="有部门把新文件放进交换文件夹时同步一次",
    )
    def drop_folder(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        present = _dropped(Settings.load())
        if context.cursor is None:  # what lay there before is the last sync's business, or tonight's
            return dg.SensorResult(skip_reason="记下现有的文件", cursor=json.dumps(present))
        known = json.loads(context.cursor)
        arrived = {path: state for path, state in present.items() if known.get(path) != state}
        if not arrived:
            return dg.SkipReason("没有新文件")
        # the cursor moves whatever becomes of the run, and the run's key is the files: a failure is not repeated
        name = sha256(json.dumps(arrived, sort_keys=True).encode()).hexdigest()[:16]
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=name, tags={"jiceng/files": str(len(arrived))})],
            cursor=json.dumps(present),
        )

    @dg.sensor(
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="把进程已经不在的运行标为失败，让后面的运行能开始",
    )
    def dead_run(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        reaped = history.reap(context.instance)
        return dg.SkipReason(f"收走 {len(reaped)} 次" if reaped else "没有")

    return dg.Definitions(jobs=[job], schedules=[daily_sync], sensors=[drop_folder, dead_run])


def _dropped(settings: Settings) -> Mapping[str, str]:
    """Return the files lying finished in drop folders: path → size and time of its last change."""
    found: dict[str, str] = {}
    now = clock.now().timestamp()
    for name, address in connections.read(settings).items():
        folder = address.get("folder")
        for path in sorted(Path(folder).iterdir()) if folder and Path(folder).is_dir() else ():
            if path.name.startswith((".", "~")) or path.suffix in _UNFINISHED_SUFFIXES or not path.is_file():
                continue
            status = path.stat()
            if now - status.st_mtime >= _SETTLED_SECONDS:
                found[f"{name}/{path.name}"] = f"{status.st_size}:{status.st_mtime_ns}"
    return found
