"""`jiceng rebuild`: make a published version again of landing and ledger alone, and say where it differs."""

import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from jiceng_pipeline.cli import progress
from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    from jiceng_pipeline.defs.rebuild import Difference


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=say("只用落地数据和账本把一个版本重新做一遍", "make a version again of landing and ledger"))(
        rebuild
    )


def rebuild(
    verify: Annotated[bool, typer.Option(help=say("只核对，不留下重建的库", "compare only, keep nothing"))] = False,
    version: Annotated[
        str, typer.Option(help=say("哪个版本（名称或末尾散列的开头），默认当前版本", "which version"))
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> int:
    """Rebuild one version; exit 0 where every table is the same, 8 where one is not.

    Without --verify the database is kept in `rebuilt/<version>/` of the home.
    """
    from jiceng_pipeline.defs.rebuild import rebuilt
    from jiceng_pipeline.warehouse import publish

    settings = Settings.load()
    found = publish.find(settings, version or None)
    kept = None if verify else settings.home / "rebuilt" / found.name / publish.DATABASE
    with progress.shown(say("重建", "rebuild")), rebuilt(settings, found) as made:
        if kept:
            with files.storage(kept):
                kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.move(made.database, kept)
    if as_json:
        told = {**asdict(made), "database": str(kept) if kept else None, "is_same": not made.differences}
        print_json(told)
    else:
        _show(made.version, made.tables, made.differences)
        if kept:
            out.print(f"{say('重建的库', 'rebuilt database')}  {kept}", soft_wrap=True)
    return IntegrityError.exit_code if made.differences else 0


def _show(version: str, tables: int, differences: "tuple[Difference, ...]") -> None:
    if not differences:
        out.print(
            say(
                f"{version}：{tables} 张表，重建的与发布的逐表相同。",
                f"{version}: {tables} tables, each the same as published.",
            ),
            soft_wrap=True,
        )
        return
    table = Table(
        title=say(f"{version}：{len(differences)} 张表不同", f"{version}: {len(differences)} tables differ"),
        title_justify="left",
        title_style="bold red",
        caption=say("行数；“—”是没有这张表，行数相同则是内容不同", "rows; — where there is no such table"),
    )
    table.add_column(say("表", "table"))
    for name in (say("清单", "manifest"), say("发布的库", "published"), say("重建的库", "rebuilt")):
        table.add_column(name, justify="right")
    for each in differences:
        rows = (each.manifest_rows, each.published_rows, each.rebuilt_rows)
        table.add_row(each.table, *("—" if count is None else f"{count:,}" for count in rows))
    out.print(table)
