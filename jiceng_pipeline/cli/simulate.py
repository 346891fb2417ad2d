"""`jiceng simulate`: make the simulated city's systems, or keep their servers running."""

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from jiceng_pipeline.cli import progress
from jiceng_pipeline.cli.words import Table, err, out, print_json, say
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    from jiceng_pipeline.simulation.advance import Day

EVENTS = {
    "birth": "出生", "death": "死亡", "move": "搬家", "registration": "户口迁移", "departure": "迁出",
    "arrival": "迁入",
    "marital": "婚姻变动", "household": "户内关系变动", "phone": "换号", "employment": "换单位", "retirement": "退休",
    "schooling": "入学升学", "coming_of_age": "满十六岁", "allowance_age": "到津贴年龄",
    "allowance_granted": "纳入低保",
    "allowance_ended": "退出低保", "assessment": "残疾评定", "honour": "优抚登记", "sale": "卖房", "purchase": "买房",
    "case": "新案件", "case_closed": "结案", "opening": "开业", "closing": "注销", "merger": "撤村并居",
}  # fmt: skip

# of a new city; one that lives on is what it is
NEW = {"scale": "street", "seed": 1, "profile": "default", "medical_store": "sqlite"}

app = typer.Typer(
    invoke_without_command=True, help=say("模拟城市：生成各部门的系统", "the simulated city: department systems")
)


@app.callback()
def simulate(
    context: typer.Context,
    scale: Annotated[
        Literal["community", "street", "district", "city"] | None,
        typer.Option(help=say("规模（新建时默认 street）", "size (of a new one: street)")),
    ] = None,
    seed: Annotated[int | None, typer.Option(help=say("随机种子（新建时默认 1）", "seed (of a new one: 1)"))] = None,
    profile: Annotated[
        Literal["default", "harsh"] | None,
        typer.Option(help=say("数据有多难（新建时默认 default）", "how hard (of a new one: default)")),
    ] = None,
    medical_store: Annotated[
        Literal["sqlite", "mariadb"] | None,
        typer.Option(
            help=say(
                "医保库放在哪里（新建时默认 sqlite）", "where the medical insurance's table is (of a new one: sqlite)"
            )
        ),
    ] = None,
    days: Annotated[
        int, typer.Option(min=0, help=say("再过几天：城市照常生活，各系统照常更新", "move the city on by days"))
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """Write the city's stores and its hidden truth; the same scale, seed and day change nothing.

    With `--days` the city that is there lives on as it was made, and every system changes as its department
    changes it.
    """
    if context.invoked_subcommand:
        return
    from jiceng_pipeline.simulation import error_model
    from jiceng_pipeline.simulation.simulate import simulate as make

    settings = Settings.load()
    with progress.shown(say("模拟", "simulate")):
        told = {"scale": scale, "seed": seed, "profile": profile, "medical_store": medical_store}
        summary = make(settings, **_wanted(settings, told, lives_on=days > 0))
    lived = _live(settings, days)
    model = error_model.of_city(settings)
    if as_json:
        print_json(asdict(summary) | {"error_model": asdict(model), "days": [asdict(day) for day in lived]})
    else:
        out.print(
            say(
                f"{summary.residents:,} 人、{summary.households:,} 户、{summary.enterprises:,} 家市场主体，"
                f"{len(summary.records)} 个部门系统共 {sum(summary.records.values()):,} 条记录",
                f"{summary.residents:,} residents, {summary.households:,} households, {summary.enterprises:,} "
                f"enterprises; {sum(summary.records.values()):,} records in {len(summary.records)} systems",
            )
        )
        frozen = say("与已冻结的一致", "as frozen") if model.is_frozen else say("未冻结", "not frozen")
        out.print(say("误差模型", "error model"), model.profile, model.fingerprint, f"({frozen})")


def _wanted(settings: Settings, told: dict[str, Any], *, lives_on: bool) -> dict[str, Any]:
    """Return what is made: as told, else as the city that lives on was made, else as a new one is."""
    note = settings.simulated / "city.json"
    there = json.loads(note.read_text("utf-8")) if lives_on and note.exists() else {}
    return {name: there.get(name, NEW[name]) if value is None else value for name, value in told.items()}


def _live(settings: Settings, days: int) -> "list[Day]":
    """Move the city on and print what happened, day by day."""
    from jiceng_pipeline.simulation.advance import advance, repair

    repair(settings)
    if not days:
        return []
    with progress.shown(say("过日子", "days")):
        lived = advance(settings, days)
    table = Table(title=say("这些天发生的事", "what happened"), title_justify="left")
    table.add_column(say("日期", "day"))
    table.add_column(say("事件", "events"))
    table.add_column(say("改动的记录", "records changed"), justify="right")
    for day in lived:
        happened = "  ".join(f"{say(EVENTS.get(kind, kind), kind)} {count}" for kind, count in day.events.items())
        table.add_row(day.date.isoformat(), happened, f"{sum(day.changed.values()):,}")
    err.print(table)
    return lived


@app.command(help=say("让模拟系统的服务器一直运行，按 Ctrl-C 结束", "keep the simulated servers running"))
def serve() -> None:
    """Hold the simulated systems' servers until interrupted."""
    from jiceng_pipeline.simulation.running import running

    with running(Settings.load()):
        err.print(say("模拟系统在运行；按 Ctrl-C 结束。", "The simulated systems run; Ctrl-C ends them."))
        while True:
            time.sleep(3600)
