"""From a commit in a department's database to the commit in a subscriber's: every stage of the pipeline in between.

A household register of that many people lies in a PostgreSQL; it is synced and delivered once, the day before. Then
one statement changes the telephone of every one of them. The clock starts when that is committed; a whole sync follows
(pull, land, standardise, reconcile, govern, check, publish), then delta and delivery, and stops at the last batch's
commit.
"""

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import yaml

from benchmarks.exchange import NAME, noted, subscribe
from jiceng_pipeline.core import clock
from jiceng_pipeline.core.progress import Step
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.exchange.delivery import deliver
from jiceng_pipeline.returns import communities
from jiceng_pipeline.simulation.postgresql import serving
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

SYSTEM, COUNTY = "public_security/household_register", "320613"
# One server is the department's and the subscriber's. Ten million keys take an index of a gigabyte: with the simulated
# departments' 64 MB of buffers nearly every page of it would be read from the system's cache again.
SERVER = {"shared_buffers": "1GB"}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SIGNS = "10X98765432"
_NAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰文建国红"


class Clock:
    """Seconds of wall and of this process's processors, by stage."""

    def __init__(self) -> None:
        self.stages: dict[str, list[float]] = {}
        self._stage, self._at = "start", (time.perf_counter(), time.process_time())

    def __call__(self, step: Step) -> None:
        """End a step, which is told when it is done: what has passed since the last one is of its stage."""
        self._stage = step.stage
        self.begin(step.stage)

    def begin(self, stage: str) -> None:
        """End the stage there is, begin this one."""
        now = (time.perf_counter(), time.process_time())
        told = self.stages.setdefault(self._stage, [0.0, 0.0])
        told[0], told[1] = told[0] + now[0] - self._at[0], told[1] + now[1] - self._at[1]
        self._stage, self._at = stage, now


def filled(url: str, rows: int) -> None:
    """Put a register of that many people, three to a household, into the department's database."""
    places = [code for code, each in communities.present(Settings.load()).items()
              if each.is_community and code.startswith(COUNTY)]  # fmt: skip
    listed = ", ".join(f"'{code}'" for code in places)
    weighed = " + ".join(f"substr(n, {at}, 1)::int * {weight}" for at, weight in enumerate(_WEIGHTS, 1))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create schema hukou")
        connection.execute(
            f"""create table hukou.t_czrk as
            with numbered as (
                select i, '320613' || to_char(date '1940-01-01' + i % 25000, 'YYYYMMDD')
                    || lpad((1 + i / 25000)::text, 3, '0') as n
                from generate_series(0, {rows - 1}) as r(i))
            select i::text as rybh, n || substr('{_SIGNS}', 1 + ({weighed}) % 11, 1) as gmsfhm,
                substr('{_NAMES}', 1 + i % 20, 1) || substr('{_GIVEN}', 1 + (i / 20) % 30, 1)
                    || substr('{_GIVEN}', 1 + (i / 600) % 30, 1) as xm,
                case when (1 + i / 25000) % 2 = 1 then '1' else '2' end as xbdm, substr(n, 7, 8) as csrq, '01' as mzdm,
                '20' as hyzk, '3206130' || lpad((i / 3)::text, 10, '0') as hh,
                (array['02', '10', '20'])[1 + i % 3] as yhzgx,
                '江苏省南通市崇川区虹桥街道红星路' || 1 + (i / 30000) || '号段家坝新村' || 1 + (i / 300) % 100 || '幢'
                    || 1 + (i / 90) % 4 || '单元' || 101 + (i / 3) % 30 || '室' as hkdz,
                (array[{listed}])[1 + (i * {len(places)}::bigint / {rows})] as sqdm,
                '138' || lpad(i::text, 8, '0') as lxdh, null::text as swrq, '2026-11-01 08:00:00' as gxsj
            from numbered"""
        )


def changed(url: str) -> None:
    """Change every telephone in one transaction."""
    with psycopg.connect(url) as connection:
        connection.execute("update hukou.t_czrk set lxdh = '139' || substr(lxdh, 4), gxsj = '2026-11-20 08:00:00'")


@contextmanager
def the_day_before() -> Iterator[None]:
    """Let what is done inside be done yesterday: what changes on the day it came has no history that costs anything."""
    os.environ["JICENG_NOW"] = (clock.now() - timedelta(days=1)).isoformat()
    try:
        yield
    finally:
        del os.environ["JICENG_NOW"]


def rate(rows: int) -> dict[str, Any]:
    """Return how fast a change of everything in a source reaches a subscriber's table, and what each stage takes."""
    committed: list[tuple[float, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        settings = Settings.load(Path(folder) / "home")  # JICENG_MEMORY and JICENG_THREADS count, as in a deployment
        settings.home.mkdir()
        with serving(Path(folder) / "postgres" / "data", note=lambda _: None, settings=SERVER) as server:
            filled(server.url, rows)
            settings.connections.write_text(yaml.safe_dump({SYSTEM: {"url": server.url}}))
            settings.subscribers.write_text(yaml.safe_dump({NAME: {"way": "postgresql", "url": server.url}}))
            with the_day_before():
                first = run_sync(settings)
                assert first.is_new, first
                subscribe(settings)
                (baseline,) = deliver(settings)
            assert baseline.state == "delivered", baseline
            changed(server.url)
            spent = Clock()
            started = time.perf_counter()
            report = run_sync(settings, listener=spent)
            assert report.is_new, report
            spent.begin("delta")
            with noted(committed, spent.begin):
                (told,) = deliver(settings)
            spent.begin("end")
            differing = compared(settings, server.url)
    assert (told.state, told.rows) == ("delivered", baseline.rows), (told, baseline)
    delays = sorted(at - started for at, count in committed for _ in range(max(1, count // 1000)))
    seconds = committed[-1][0] - started
    return {
        "source_rows": told.rows,
        "source_rows_per_second": round(told.rows / seconds),
        "source_rows_per_cpu_second": round(told.rows / sum(cpu for _, cpu in spent.stages.values())),
        "source_p50_delay_seconds": round(delays[len(delays) // 2], 1),
        "source_p95_delay_seconds": round(delays[int(len(delays) * 0.95)], 1),
        "source_stages": {
            stage: {"seconds": round(wall, 2), "cpu_seconds": round(cpu, 2)}
            for stage, (wall, cpu) in spent.stages.items()
        },
        "source_memory_limit": settings.memory_limit,
        "source_server_shared_buffers": SERVER["shared_buffers"],
        "source_peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 1),
        "source_rows_not_as_published": differing,
    }


def compared(settings: Settings, url: str) -> int:
    """Return how many people of the version have another telephone in the subscriber's table, or are not there."""
    version = publish.current(settings)
    assert version is not None
    with connect(settings=settings, extensions=["postgres_scanner"], attach={"now": version.database}) as connection:
        connection.execute(f"attach '{url}' as copy (type postgres, read_only)")
        missing: int = connection.execute(
            f"""select count(*) from (
                select resident_id, name, phone from now.returned.resident_register
                except select resident_id, name, phone from copy.public.{NAME})"""
        ).fetchall()[0][0]
    return missing
