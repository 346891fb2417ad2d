"""`jiceng sync`: pull, reconcile, check, publish."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from jiceng_pipeline.cli import progress, words
from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core import processes
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    from jiceng_pipeline.defs.launch import SyncReport


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=say("同步一次：拉取、归并、检查、发布", "pull, reconcile, check, publish"))(sync)


def sync(as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False) -> int:
    """Sync once; the exit code says how it went."""
    from jiceng_pipeline.defs.launch import run_sync

    settings = Settings.load()
    processes.stand_back(settings.niceness)  # the portal beside it is waited for
    with progress.shown(say("同步", "sync")):
        report = run_sync(settings)
    if as_json:
        print_json(report.to_json())
    else:
        show(report)
    return report.exit_code


def show(report: "SyncReport") -> None:
    """Print what the sync did, and what somebody has to do."""
    if report.error:
        words.error(**{part: report.error[part] for part in ("what", "where", "cure")})
    if report.is_new:
        out.print(say("新版本", "new version"), Text(report.version or "", "bold"))
    elif report.version:
        out.print(say("仍在使用的版本", "version still served"), Text(report.version, "bold"))
    else:
        out.print(say("还没有可用的版本。", "There is no version yet."))
    show_tickets(report.tickets)


def show_tickets(tickets: Sequence[Mapping[str, Any]], most: int = 5) -> None:
    """Print the deliveries that failed, all of them, and the defects met most often."""
    if not tickets:
        return
    failed = [ticket for ticket in tickets if ticket["kind"] == "delivery"]
    others = sorted((t for t in tickets if t["kind"] != "delivery"), key=lambda t: (-t["count"], t["ticket_id"]))
    shown = [*failed, *others[:most]]
    table = Table(title=say("问题单", "tickets"), title_justify="left", title_style="bold yellow")
    for column in (say("系统", "system"), say("位置（例）", "place, an example"), say("原因", "reason")):
        table.add_column(column)
    table.add_column(say("件数", "count"), justify="right")
    table.add_column(say("期限", "due"))
    for ticket in shown:
        place = " ".join(str(ticket[part]) for part in ("file", "row", "column") if ticket.get(part) is not None)
        table.add_row(ticket["system"], place, ticket["reason"], f"{ticket['count']:,}", str(ticket["due_date"]))
    out.print(table)
    if rest := len(tickets) - len(shown):
        out.print(say(f"另有 {rest} 张：jiceng status --tickets", f"{rest} more: jiceng status --tickets"))
