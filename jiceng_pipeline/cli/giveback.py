"""`jiceng return`: cut one community's package of one returned dataset."""

from pathlib import Path
from typing import Annotated

import typer

from jiceng_pipeline.cli.words import out, print_json, say
from jiceng_pipeline.core.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("return", help=say("给一个社区切出一份回流数据", "cut a community's package"))(give_back)


def give_back(
    community: Annotated[
        str, typer.Option(help=say("社区、乡镇、县的代码或名称", "code or name of the community, township, county"))
    ],
    dataset: Annotated[str, typer.Option(help=say("数据集，如 resident_register", "dataset"))],
    format: Annotated[str, typer.Option(help="xlsx | csv | parquet | zip")] = "xlsx",
    profile: Annotated[str, typer.Option(help=say("check 遮盖（默认）或 full 完整", "check or full"))] = "check",
    purpose: Annotated[str, typer.Option(help=say("用途；完整数据必填，记入审计", "purpose"))] = "",
    actor: Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))] = "operator",
    to: Annotated[Path | None, typer.Option(help=say("放到哪个文件夹", "folder to write to"))] = None,
    changes: Annotated[bool, typer.Option(help=say("只要与上一版本不同的行", "only rows that changed"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """Check the grant, write the audit event, then write the file and print where it lies."""
    from jiceng_pipeline.returns import package

    made = package.cut(
        Settings.load(),
        actor=actor,
        community=community,
        dataset=dataset,
        format=format,
        profile=profile,
        purpose=purpose,
        folder=to,
        channel="cli",
        only_changes=changes,
    )
    if as_json:
        print_json({"file": str(made.path), "rows": made.rows, "version": made.version, "receipt": made.receipt})
    else:
        out.print(f"{made.path}  {made.rows:,} {say('行', 'rows')}", soft_wrap=True)
