"""`jiceng simulate`: make the simulated city's systems, or keep their servers running."""

import time
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from jiceng_pipeline.cli import progress
from jiceng_pipeline.cli.words import err, out, print_json, say
from jiceng_pipeline.core.settings import Settings

app = typer.Typer(
    invoke_without_command=True, help=say("模拟城市：生成各部门的系统", "the simulated city: department systems")
)


@app.callback()
def simulate(
    context: typer.Context,
    scale: Annotated[Literal["community", "street"], typer.Option(help=say("规模", "size"))] = "street",
    seed: Annotated[int, typer.Option(help=say("随机种子", "seed"))] = 1,
    profile: Annotated[Literal["default", "harsh"], typer.Option(help=say("数据有多难", "how hard"))] = "default",
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """Write the city's stores and its hidden truth; the same scale, seed and day change nothing."""
    if context.invoked_subcommand:
        return
    from jiceng_pipeline.simulation.simulate import simulate as make

    with progress.shown(say("模拟", "simulate")):
        summary = make(Settings.load(), scale=scale, seed=seed, profile=profile)
    if as_json:
        print_json(asdict(summary))
    else:
        out.print(
            say(
                f"{summary.residents:,} 人、{summary.households:,} 户、{summary.enterprises:,} 家市场主体，"
                f"{len(summary.records)} 个部门系统共 {sum(summary.records.values()):,} 条记录",
                f"{summary.residents:,} residents, {summary.households:,} households, {summary.enterprises:,} "
                f"enterprises; {sum(summary.records.values()):,} records in {len(summary.records)} systems",
            )
        )


@app.command(help=say("让模拟系统的服务器一直运行，按 Ctrl-C 结束", "keep the simulated servers running"))
def serve() -> None:
    """Hold the simulated systems' servers until interrupted."""
    from jiceng_pipeline.simulation.running import running

    with running(Settings.load()):
        err.print(say("模拟系统在运行；按 Ctrl-C 结束。", "The simulated systems run; Ctrl-C ends them."))
        while True:
            time.sleep(3600)
