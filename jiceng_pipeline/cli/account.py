"""`jiceng account`: what a place gave and what came back (有去有回账)."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("account", help=say("有去有回账：交上去多少，回来多少", "what a place gave and got back"))(account)


def account(
    place: Annotated[str, typer.Argument(help=say("区划的代码或名称，* 为全部", "code or name"))] = "*",
    since: Annotated[str, typer.Option(help=say("从哪天算起，如 2026-11-01", "from this day on"))] = "",
    actor: Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))] = "operator",
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """Print the account of a place and of those right below it."""
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.returns import account as accounts
    from jiceng_pipeline.returns import communities
    from jiceng_pipeline.warehouse import publish
    from jiceng_pipeline.warehouse.connection import connect

    settings = Settings.load()
    scope = place if place == "*" else communities.find(settings, place).code
    try:
        first = date.fromisoformat(since) if since else None
    except ValueError:
        raise UsageError("不是日期", where=f"--since {since}", cure="写成 2026-11-01 这样") from None
    version = publish.find(settings)
    with (
        open_ledger(settings) as ledger,
        connect(version.database, settings=settings, read_only=True) as connection,
    ):
        found = accounts.accounts(
            settings, ledger, connection, version, actor=actor, scope=scope, since=first, channel="cli"
        )
    if as_json:
        print_json([asdict(each) | {"minutes_saved": each.minutes_saved} for each in found])
        return
    table = Table(title=say("有去有回账", "account"), title_justify="left")
    for name in (
        say("哪里", "place"), say("采集", "supplied"), say("已有又填", "asked again"), say("核实", "verified"),
        say("异议", "disputed"), say("成立", "upheld"), say("回来的格子", "returned"),
        say("新增", "added"), say("改正", "corrected"),
        say("取用", "opened"), say("省下分钟", "minutes"),
    ):  # fmt: skip
        table.add_column(name)
    for each in found:
        figures = (each.supplied, each.asked_again, each.verified, each.disputed, each.upheld, each.returned,
                   each.added, each.corrected, each.opened, each.minutes_saved)  # fmt: skip
        table.add_row(each.name, *(f"{number:,}" for number in figures))
    out.print(table)
