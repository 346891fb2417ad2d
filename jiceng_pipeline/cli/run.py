"""`jiceng run`: the whole idea in one command, on a simulated street."""

import time
from typing import Annotated, Literal

import typer

from jiceng_pipeline.cli import evaluate, progress, status, sync
from jiceng_pipeline.cli.words import out, say
from jiceng_pipeline.core.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=say("用模拟街道演示全过程：系统进，数据回", "the whole job on a simulated street"))(run)


def run(
    scale: Annotated[
        Literal["community", "street", "district", "city"], typer.Option(help=say("规模", "size"))
    ] = "street",
    seed: Annotated[int, typer.Option(help=say("随机种子", "seed"))] = 1,
    profile: Annotated[Literal["default", "harsh"], typer.Option(help=say("数据有多难", "how hard"))] = "default",
) -> int:
    """Simulate, sync, evaluate, and say what to type next."""
    from jiceng_pipeline.defs.launch import run_sync
    from jiceng_pipeline.forms import admission
    from jiceng_pipeline.returns import grants
    from jiceng_pipeline.simulation.running import running
    from jiceng_pipeline.simulation.simulate import simulate

    settings = Settings.load()
    started = time.monotonic()
    with progress.shown(say("模拟", "simulate")):
        simulate(settings, scale=scale, seed=seed, profile=profile)
    with progress.shown(say("同步", "sync")), running(settings):
        report = run_sync(settings)
    sync.show(report)
    if report.version is None:
        return report.exit_code
    status.show(status.read(settings))
    evaluate.show(evaluate.measure(settings))
    # a street of our own: whoever tries it may make every form at once; for a real place somebody decides that
    admission.admit_all(settings, grants.OPERATOR, reason="模拟街道演示")
    community = _a_community(settings)
    out.print(
        say(
            f"\n用时 {time.monotonic() - started:.0f} 秒。数据在 {settings.published / 'current'}\n接下来可以：\n"
            f"  .venv/bin/jiceng return --community {community} --dataset resident_register\n"
            f"  .venv/bin/jiceng form make elderly_living_alone_visit --community {community}\n"
            "  make serve    打开 Dagster 界面\n  .venv/bin/jiceng --help",
            f"\n{time.monotonic() - started:.0f} s. The data lie in {settings.published / 'current'}\nNext:\n"
            f"  .venv/bin/jiceng return --community {community} --dataset resident_register\n"
            f"  .venv/bin/jiceng form make elderly_living_alone_visit --community {community}\n"
            "  make serve    open the Dagster UI\n  .venv/bin/jiceng --help",
        ),
        soft_wrap=True,
    )
    return report.exit_code


def _a_community(settings: Settings) -> str:
    """Return the community with the most residents, as an example to type."""
    from jiceng_pipeline.warehouse import publish
    from jiceng_pipeline.warehouse.connection import connect

    version = publish.current(settings)
    assert version is not None
    with connect(version.database, settings=settings, read_only=True) as connection:
        return str(
            connection.execute(
                "select community_code from returned.resident_register group by 1 order by count(*) desc, 1 limit 1"
            ).fetchall()[0][0]
        )
