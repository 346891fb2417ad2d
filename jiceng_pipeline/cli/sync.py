"""`jiceng sync`: pull, reconcile, check, publish."""

from typing import TYPE_CHECKING, Annotated

import typer

from jiceng_pipeline.cli import progress
from jiceng_pipeline.cli.words import err, out, print_json, say
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    from jiceng_pipeline.defs.launch import SyncReport


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=say("同步一次：拉取、归并、检查、发布", "pull, reconcile, check, publish"))(sync)


def sync(as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False) -> int:
    """Sync once; the exit code says how it went."""
    from jiceng_pipeline.defs.launch import run_sync

    with progress.shown(say("同步", "sync")):
        report = run_sync(Settings.load())
    if as_json:
        print_json(report.to_json())
    else:
        show(report)
    return report.exit_code


def show(report: "SyncReport") -> None:
    """Print what the sync did, and what somebody has to do."""
    told = report.to_json()
    if told["version"]:
        words = say("新版本", "new version") if told["is_new"] else say("内容没有变化，仍是", "unchanged:")
        out.print(f"{words} [bold]{told['version']}[/bold]")
    else:
        out.print(say("还没有可用的版本。", "There is no version yet."))
    for ticket in told["tickets"][:20]:
        place = " ".join(str(ticket[part]) for part in ("system", "file", "row") if ticket.get(part))
        err.print(f"[yellow]{say('问题单', 'ticket')}[/yellow] {place}  {ticket['reason']}", soft_wrap=True)
    if len(told["tickets"]) > 20:
        err.print(say(f"另有 {len(told['tickets']) - 20} 张问题单", f"{len(told['tickets']) - 20} more tickets"))
