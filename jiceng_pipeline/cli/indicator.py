"""`jiceng indicator list|show|release`: what is counted at four levels, and what of it may leave."""

from typing import Annotated

import typer

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.settings import Settings

app = typer.Typer(no_args_is_help=True, help=say("指标：四级联动、统计发布", "indicators at four levels"))
_Actor = Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))]
_Purpose = Annotated[str, typer.Option(help=say("用途，记入审计", "purpose"))]
_AsJson = Annotated[bool, typer.Option("--json", help="JSON")]


@app.command(name="list", help=say("列出指标", "what is counted"))
def list_indicators(as_json: _AsJson = False) -> None:
    """Print name, title, unit and definition of every indicator."""
    from jiceng_pipeline.exchange.indicators import indicators

    found = indicators(Settings.load().sql_models).values()
    if as_json:
        print_json([{"indicator": e.name, "title": e.title, "unit": e.unit, "definition": e.definition} for e in found])
        return
    table = Table(say("名称", "indicator"), say("标题", "title"), say("单位", "unit"), say("定义", "definition"))
    for each in found:
        table.add_row(each.name, each.title, each.unit, each.definition)
    out.print(table)


@app.command(help=say("看一个地方的一个指标", "one indicator for a place and what lies below it"))
def show(
    indicator: Annotated[str, typer.Argument(help=say("指标的名称", "indicator"))],
    place: Annotated[str, typer.Option(help=say("市、县、乡、村的代码或名称", "code or name of the division"))],
    exact: Annotated[bool, typer.Option(help=say("看原数，要写明用途", "exact figures, for a purpose"))] = False,
    version: Annotated[str, typer.Option(help=say("哪个版本的原数", "exact figures of that version"))] = "",
    as_now: Annotated[bool, typer.Option(help=say("按现在的区划重述", "under today's divisions"))] = False,
    purpose: _Purpose = "",
    actor: _Actor = "operator",
    as_json: _AsJson = False,
) -> None:
    """Print the figures as they were released, or exactly."""
    from jiceng_pipeline.exchange import release_page

    told = release_page.show(
        Settings.load(),
        actor=actor,
        indicator=indicator,
        place=place,
        exact=exact or bool(version),
        purpose=purpose,
        version=version or None,
        as_now=as_now,
        channel="cli",
    )
    if as_json:
        rows = [
            {"division": e.division_code, "name": e.division_name, "category": e.category, "value": e.value,
             "share": e.share}
            for e in told.rows
        ]  # fmt: skip
        print_json({"indicator": told.indicator.name, "version": told.version, "exact": told.is_exact, "rows": rows})
        return
    table = Table(title=f"{told.place.full_name} {told.indicator.title}", title_justify="left")
    for column in (say("区划", "division"), say("分组", "category"), say("数值", "value")):
        table.add_column(column)
    hidden = say("不公布", "not released")
    for row in told.rows:
        shown = row.value if told.indicator.numerator is None else f"{row.share}%"
        is_hidden = row.value is None or (told.indicator.numerator is not None and row.share is None)
        table.add_row(row.division_name, row.category, hidden if is_hidden else str(shown))
    out.print(table)


@app.command(help=say("发布统计数：小数不公布，其余取整到五", "release: small figures left out, the rest rounded"))
def release(
    purpose: _Purpose,
    actor: _Actor = "operator",
    as_json: _AsJson = False,
) -> None:
    """Release the indicators of the version being served."""
    from jiceng_pipeline.exchange import release as releases

    made = releases.make(Settings.load(), actor=actor, purpose=purpose)
    if as_json:
        print_json({"version": made.version, "file": str(made.folder), "figures": made.figures, "small": made.small,
                    "suppressed": made.suppressed, "new": made.is_new})  # fmt: skip
        return
    out.print(f"{made.folder}", soft_wrap=True)
    out.print(
        say(
            f"{made.figures} 个数，其中 {made.suppressed} 个不公布，{made.small} 个是因为不足八。",
            f"{made.figures} figures, {made.suppressed} left out, {made.small} of them small.",
        )
    )
