"""`jiceng app list|check|open|download`: light apps."""

from pathlib import Path
from typing import Annotated

import typer

from jiceng_pipeline.cli.words import Table, err, out, print_json, say
from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings

apps = typer.Typer(no_args_is_help=True, help=say("轻应用：名单、看板、提醒", "light apps"))
_Name = Annotated[str, typer.Argument(help=say("轻应用的名称", "app"))]
_Place = Annotated[str, typer.Option(help=say("社区、乡镇、县的代码或名称", "code or name of the place"))]
_Purpose = Annotated[str, typer.Option(help=say("用途（默认就是轻应用的名称），记入审计", "purpose"))]
_Actor = Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))]
_AsJson = Annotated[bool, typer.Option("--json", help="JSON")]


def register(app: typer.Typer) -> None:
    """Add the group, which cannot be a module of its name: `cli.app` is the command line itself."""
    app.add_typer(apps, name="app")


@apps.command(name="list", help=say("列出轻应用", "what there is"))
def list_apps(as_json: _AsJson = False) -> None:
    """Print name, title, view, owner and purpose of every app."""
    from jiceng_pipeline.exchange.light_app import VIEWS, light_apps
    from jiceng_pipeline.exchange.light_app_page import available

    found = available(list(light_apps(Settings.load().sql_models).values()))
    if as_json:
        print_json(
            [
                {"app": e.id, "title": e.title, "view": e.view, "owner": e.owner, "version": e.app_version,
                 "masks": e.profile, "purpose": e.purpose, "columns": e.columns, "elements": e.inputs}
                for e in found
            ]
        )  # fmt: skip
        return
    table = Table(say("名称", "app"), say("标题", "title"), say("样式", "view"), say("用途", "purpose"))
    for each in found:
        table.add_row(each.id, each.title, VIEWS[each.view], each.purpose)
    out.print(table)


@apps.command(help=say("查轻应用写得对不对：说明行、用到的数据元、遮盖", "check headers, elements and masks"))
def check(name: Annotated[str, typer.Argument(help=say("轻应用的名称；不写为全部", "app; all without"))] = "") -> int:
    """Check one app or all against the version being served, as the next sync would; return 2 where one is wrong."""
    from jiceng_pipeline.exchange import light_app

    settings = Settings.load()
    known = light_app.light_apps(settings.sql_models)
    wanted = [light_app.find(settings.sql_models, name)] if name else list(known.values())
    wrong = 0
    for each in wanted:
        try:
            light_app.check(settings, each)
        except DefinitionError as error:
            wrong += 1
            err.print(str(error), soft_wrap=True)
    if wrong:
        return DefinitionError.exit_code
    out.print(say(f"{len(wanted)} 个轻应用都没有问题。", f"{len(wanted)} apps are in order."))
    return 0


@apps.command(name="open", help=say("打开一个轻应用", "open an app for a place"))
def open_one(
    name: _Name,
    community: _Place,
    purpose: _Purpose = "",
    limit: Annotated[int, typer.Option(min=0, help=say("最多几行", "rows at most"))] = 20,
    actor: _Actor = "operator",
    as_json: _AsJson = False,
) -> None:
    """Print the first rows of an app for a place."""
    from jiceng_pipeline.exchange.light_app_page import open_app

    page = open_app(
        Settings.load(), actor=actor, app=name, place=community, purpose=purpose, limit=limit, channel="cli"
    )
    if as_json:
        rows = [dict(zip((each.id for each in page.columns), row, strict=True)) for row in page.rows]
        print_json(
            {"title": page.title, "total": page.total, "as_of": page.as_of, "receipt": page.receipt, "rows": rows}
        )
        return
    table = Table(title=f"{page.place.full_name} {page.title} {page.as_of}", title_justify="left")
    for column in page.columns:
        table.add_column(column.title)
    for row in page.rows:
        table.add_row(*(value or "" for value in row))
    out.print(table)
    out.print(say(f"共 {page.total} 行，回执号 {page.receipt}", f"{page.total} rows, receipt {page.receipt}"))


@apps.command(help=say("下载一个轻应用的名单", "write an app's rows to a file"))
def download(
    name: _Name,
    community: _Place,
    format: Annotated[str, typer.Option(help="xlsx | csv | parquet")] = "xlsx",
    purpose: _Purpose = "",
    to: Annotated[Path | None, typer.Option(help=say("放到哪个文件夹", "folder"))] = None,
    actor: _Actor = "operator",
) -> None:
    """Cut the rows of an app for a place into a file."""
    from jiceng_pipeline.exchange import light_app_page

    made = light_app_page.download(
        Settings.load(),
        actor=actor,
        app=name,
        place=community,
        format=format,
        purpose=purpose,
        folder=to,
        channel="cli",
    )
    out.print(f"{made.path}  {made.rows:,} {say('行', 'rows')}", soft_wrap=True)
