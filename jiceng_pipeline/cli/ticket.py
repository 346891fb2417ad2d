"""`jiceng ticket`: what departments have to mend: list, show with its history, answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    from jiceng_pipeline.quality.tickets import State

app = typer.Typer(no_args_is_help=True, help=say("问题单：查看、答复", "tickets: look, answer"))

_AsJson = Annotated[bool, typer.Option("--json", help="JSON")]
_SHORTEST = 4


@app.command("list", help=say("列出问题单（默认不含已办结的）", "list tickets, by default those not closed"))
def show_list(
    system: Annotated[str, typer.Option(help=say("只看一个系统：部门/系统", "of one system"))] = "",
    state: Annotated[
        Literal["open", "answered", "reopened", "closed", "all"] | None, typer.Option(help=say("状态", "state"))
    ] = None,
    overdue: Annotated[bool, typer.Option(help=say("只看超期的", "overdue only"))] = False,
    as_json: _AsJson = False,
) -> None:
    """Print the tickets, those due first."""
    found = [
        ticket
        for ticket in _published(Settings.load())
        if (not system or ticket["system"] == system)
        and (state == "all" or (ticket["state"] == state if state else ticket["state"] != "closed"))
        and (ticket["is_overdue"] or not overdue)
    ]
    if as_json:
        print_json(found)
    else:
        out.print(_table(found))


@app.command(help=say("看一张问题单和它的经过", "one ticket and its history"))
def show(ticket_id: Annotated[str, typer.Argument(help=say("编号或开头几位", "id"))], as_json: _AsJson = False) -> None:
    """Print everything known of one ticket: evidence, answers, what closed it."""
    settings = Settings.load()
    ticket = _one(settings, ticket_id)
    told = _history(settings, ticket["ticket_id"])
    if as_json:
        print_json({**ticket, "history": told})
        return
    table = Table(show_header=False, title=f"{say('问题单', 'ticket')} {ticket['ticket_id']}", title_justify="left")
    for name, value in _lines(ticket):
        table.add_row(name, value)
    out.print(table)
    for line in told:
        out.print(f"{line['at'][:10]}  {line['what']}", soft_wrap=True)


@app.command(help=say("答复一张问题单；办结只看之后拉到的数据", "answer a ticket; only a later pull closes it"))
def answer(
    ticket_id: Annotated[str, typer.Argument(help=say("编号或开头几位", "id"))],
    text: Annotated[str, typer.Option(help=say("怎么处理的，或依据；不写个人信息", "what was done, or the basis"))],
    verdict: Annotated[
        Literal["corrected", "not_error", "not_found"],
        typer.Option(help=say("corrected 已改正、not_error 不是错误、not_found 查不到", "verdict")),
    ] = "corrected",
    actor: Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))] = "operator",
) -> None:
    """Write the answer into the ledger."""
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.returns.access import permit

    settings = Settings.load()
    ticket = _one(settings, ticket_id)
    if ticket["state"] == "closed":
        raise UsageError("这张问题单已办结", where=ticket["ticket_id"], cure="不需要答复；再出现会重新打开")
    body = {"ticket_id": ticket["ticket_id"], "verdict": verdict, "text": " ".join(text.split())}
    with open_ledger(settings) as ledger:
        permit(ledger, actor, "answer_ticket", system=ticket["system"])
        event = ledger.append("ticket_answer", ticket["ticket_id"], body, actor)
    out.print(
        say(
            f"已记入，回执号 {event.receipt}。以后拉到的数据里没有这个问题了，问题单才办结。",
            f"Recorded, receipt {event.receipt}. It closes when a later pull is without the failure.",
        ),
        soft_wrap=True,
    )


def _published(settings: Settings) -> list[dict[str, Any]]:
    """Return the tickets of the version being served, overdue ones first."""
    from jiceng_pipeline.warehouse import publish
    from jiceng_pipeline.warehouse.connection import connect

    version = publish.current(settings)
    if version is None:
        raise UsageError("还没有发布过版本", where=str(settings.published), cure="先运行 jiceng sync")
    with connect(version.database, settings=settings, read_only=True) as connection:
        cursor = connection.execute(
            "select * from quality.ticket order by not is_overdue, due_date, system, count desc, ticket_id"
        )
        names = [column[0] for column in cursor.description or ()]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return _answered(settings, found, version.manifest["inputs"]["ledger_seq"])


def _answered(settings: Settings, found: list[dict[str, Any]], until: int) -> list[dict[str, Any]]:
    """Return the tickets with the answers that came after event `until`, which the next version will have."""
    from jiceng_pipeline.quality import history

    later = {entry.subject: entry for entry in history.read(settings).answers if entry.seq > until}
    for ticket in found:
        said = later.get(ticket["ticket_id"])
        if said and ticket["state"] != "closed":
            ticket |= {"state": "answered", "answer": said.body.verdict, "answered_date": _local(said.at).date()}
    return found


def _local(at: datetime) -> datetime:
    return at.astimezone(clock.LOCAL)


def _one(settings: Settings, ticket_id: str) -> dict[str, Any]:
    found = [ticket for ticket in _published(settings) if ticket["ticket_id"].startswith(ticket_id)]
    if len(found) != 1 or len(ticket_id) < _SHORTEST:
        what = "编号不够长" if found else "没有这张问题单"
        raise UsageError(what, where=ticket_id, cure="用 jiceng ticket list --state all 看编号")
    return found[0]


def _history(settings: Settings, ticket_id: str) -> list[dict[str, str]]:
    """Return what happened to a ticket, oldest first."""
    from jiceng_pipeline.quality import history, life
    from jiceng_pipeline.quality.tickets import ANSWERS

    known = history.read(settings)
    lines: list[tuple[int, str, str]] = []
    for entry in known.inspections:
        told, day = entry.body, entry.body.day.isoformat()
        if any(name.ticket_id == ticket_id for opened in told.opened for name in life.names(opened)):
            lines.append((entry.seq, day, "开出"))
        if ticket_id in told.reopened:
            lines.append((entry.seq, day, "再次出现，重新打开"))
        lines += [
            (entry.seq, day, f"核验办结，依据 {each.evidence}") for each in told.closed if ticket_id in each.tickets
        ]
    lines += [
        (each.seq, _local(each.at).isoformat(), f"{each.actor} 答复：{ANSWERS[each.body.verdict]}。{each.body.text}")
        for each in known.answers
        if each.subject == ticket_id
    ]
    return [{"at": at, "what": what} for _, at, what in sorted(lines)]


def _lines(ticket: Mapping[str, Any]) -> list[tuple[str, str]]:
    from jiceng_pipeline.quality.tickets import STATES

    state: State = ticket["state"]
    place = " ".join(str(ticket[part]) for part in ("file", "row", "column") if ticket[part] is not None)
    told = (
        (say("状态", "state"), STATES[state] + (say("，已超期", ", overdue") if ticket["is_overdue"] else "")),
        (say("系统", "system"), ticket["system"]),
        (say("责任单位", "owner"), ticket["owner"]),
        (say("原因", "reason"), ticket["reason"]),
        (say("位置（例）", "place"), place),
        (say("数据元", "element"), ticket["element_id"]),
        (say("记录", "record"), ticket["record_id"] or "、".join(ticket["example_keys"] or ())),
        (say("件数", "count"), f"{ticket['count']:,}"),
        (say("开出", "opened"), str(ticket["opened_date"])),
        (say("期限", "due"), str(ticket["due_date"])),
        (say("办结", "closed"), ticket["closed_evidence"]),
    )
    return [(name, value) for name, value in told if value]


def _table(found: list[dict[str, Any]]) -> Table:
    from jiceng_pipeline.quality.tickets import STATES

    table = Table(title=say(f"问题单 {len(found)} 张", f"{len(found)} tickets"), title_justify="left")
    for column in (say("编号", "id"), say("系统", "system"), say("原因", "reason"), say("状态", "state")):
        table.add_column(column)
    table.add_column(say("件数", "count"), justify="right")
    table.add_column(say("期限", "due"))
    for ticket in found:
        state: State = ticket["state"]
        due = f"{ticket['due_date']}" + (say(" 超期", " overdue") if ticket["is_overdue"] else "")
        row = (ticket["ticket_id"][:8], ticket["system"], ticket["reason"], STATES[state], f"{ticket['count']:,}", due)
        table.add_row(*row, style="red" if ticket["is_overdue"] else "")
    return table
