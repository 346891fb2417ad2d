"""`jiceng task`: tasks that go down and roll up, and cases passed between a community and departments."""

from datetime import datetime
from typing import Annotated, Any, Literal

import typer

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.settings import Settings

app = typer.Typer(no_args_is_help=True, help=say("任务：下达、办理、汇总；交办事项", "tasks and cases"))

_AsJson = Annotated[bool, typer.Option("--json", help="JSON")]
_Actor = Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))]
_Name = Annotated[str, typer.Argument(help=say("编号或开头几位", "id"))]
_Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help=say("期限", "due date"))]
_DayOrNone = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help=say("期限；不写为五个工作日", "due date"))
]
_Item = Annotated[str, typer.Option(help=say("关于哪个服务事项", "service item it is about"))]
_Text = Annotated[str, typer.Option(help=say("说明；不写个人信息", "words, without personal data"))]


@app.command(help=say("下达一个任务", "give a task"))
def issue(
    title: Annotated[str, typer.Argument(help=say("任务名称", "title"))],
    scope: Annotated[str, typer.Option(help=say("下达到哪个区划，* 为全部", "division"))],
    due: _Day,
    text: _Text = "",
    item: _Item = "",
    actor: _Actor = "operator",
) -> None:
    """Put the task on the list of every community of the division."""
    from jiceng_pipeline.exchange import instruction
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        made = instruction.issue(
            settings,
            ledger,
            actor,
            title=title,
            text=text,
            scope=scope,
            due_date=due.date(),
            item=_named(settings, item),
        )
    out.print(made.instruction_id)


@app.command("list", help=say("一个区划的任务", "the tasks of a division"))
def show_list(
    scope: Annotated[str, typer.Option(help=say("区划代码或其开头，* 为全部", "division"))] = "*",
    as_json: _AsJson = False,
) -> None:
    """Print the tasks with how many communities have answered."""
    from jiceng_pipeline.exchange import instruction
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.services import withdrawal

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        found = instruction.tasks(settings, ledger, scope)
        flags = withdrawal.flagged(settings, ledger)
    plain: list[dict[str, Any]] = [
        {
            **task.instruction.model_dump(mode="json"), "communities": task.tally.communities, "done": task.tally.done,
            "cannot": task.tally.cannot, "late": task.tally.late,
            "answer": task.answer.verdict if task.answer else None,
            "is_item_ended": task.instruction.instruction_id in flags,
        }
        for task in found
    ]  # fmt: skip
    if as_json:
        print_json(plain)
        return
    table = Table(say("编号", "id"), say("任务", "task"), say("期限", "due"), say("社区", "communities"),
                  say("办结", "done"), say("办不了", "cannot"), say("超期", "late"))  # fmt: skip
    for each in plain:
        counts = [str(each[name]) for name in ("communities", "done", "cannot", "late")]
        style = "red" if each["late"] else ""
        title = _titled(each["title"], is_ended=each["is_item_ended"])
        table.add_row(each["instruction_id"], title, each["due_date"], *counts, style=style)
    out.print(table)


@app.command(help=say("一个任务在各级的进度", "how far a task is, level by level"))
def progress(name: _Name, scope: Annotated[str, typer.Option()] = "", as_json: _AsJson = False) -> None:
    """Print the tally of a division and of each of its parts."""
    from jiceng_pipeline.exchange import instruction
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        found = instruction.roll_up(settings, ledger, name, scope or None)
    if as_json:
        print_json({code: vars(tally) for code, tally in found.items()})
        return
    table = Table(say("区划", "division"), say("社区", "communities"), say("办结", "done"), say("办不了", "cannot"),
                  say("未答复", "waiting"), say("超期", "late"))  # fmt: skip
    for code, tally in found.items():
        counts = (tally.communities, tally.done, tally.cannot, tally.waiting, tally.late)
        table.add_row(code, *map(str, counts))
    out.print(table)


@app.command(help=say("一个社区答复一个任务", "answer a task for a community"))
def answer(
    name: _Name,
    community: Annotated[str, typer.Option(help=say("社区代码", "community"))],
    verdict: Annotated[Literal["done", "cannot"], typer.Option(help=say("办结或办不了", "verdict"))] = "done",
    text: _Text = "",
    actor: _Actor = "operator",
) -> None:
    """Write the answer into the ledger."""
    from jiceng_pipeline.exchange import instruction
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        event = instruction.answer(settings, ledger, name, community, actor, verdict=verdict, text=text)
    out.print(say(f"已记入，回执号 {event.receipt}。", f"Recorded, receipt {event.receipt}."))


@app.command(help=say("撤回自己下达的任务", "take a task back"))
def withdraw(name: _Name, actor: _Actor = "operator") -> None:
    """Take it off every list."""
    from jiceng_pipeline.exchange import instruction
    from jiceng_pipeline.ledger.store import open_ledger

    with open_ledger(Settings.load()) as ledger:
        event = instruction.withdraw(ledger, name, actor)
    out.print(say(f"已撤回，回执号 {event.receipt}。", f"Withdrawn, receipt {event.receipt}."))


@app.command(help=say("开一件交办事项", "open a case"))
def hand(
    title: Annotated[str, typer.Argument(help=say("事项", "title"))],
    opener: Annotated[str, typer.Option("--from", help=say("社区代码或部门", "community or department"))],
    to: Annotated[str, typer.Option(help=say("交给谁", "to whom"))],
    community: Annotated[str, typer.Option(help=say("哪个社区的事", "of which community"))],
    due: _DayOrNone = None,
    text: _Text = "",
    item: _Item = "",
    actor: _Actor = "operator",
) -> None:
    """Open a case and hand it over."""
    from jiceng_pipeline.exchange import handover
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    day = due.date() if due else None
    with open_ledger(settings) as ledger:
        made = handover.open_case(
            settings, ledger, actor, opener=opener, to=to, community=community, title=title, text=text, due_date=day,
            item=_named(settings, item),
        )  # fmt: skip
    out.print(f"{made.case_id}  {say('期限', 'due')} {made.due_date}")


@app.command(help=say("转办、答复或办结一件交办事项", "pass on, answer or close a case"))
def move(
    name: _Name,
    step: Annotated[Literal["pass", "answer", "close"], typer.Argument()],
    by: Annotated[str, typer.Option(help=say("哪一方", "which party"))],
    text: _Text = "",
    to: Annotated[str, typer.Option(help=say("转给谁", "to whom"))] = "",
    due: _DayOrNone = None,
    actor: _Actor = "operator",
) -> None:
    """Write the step into the ledger."""
    from jiceng_pipeline.exchange import handover
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    day = due.date() if due else None
    with open_ledger(settings) as ledger:
        made = handover.move(
            settings, ledger, name, actor, by=by, step=step, text=text, to=to or None, due_date=day
        )  # fmt: skip
    out.print(f"{made.case_id}  {say('现由', 'held by')} {made.holder}")


@app.command(help=say("列出交办事项", "cases"))
def cases(
    party: Annotated[str, typer.Option(help=say("只看一方的：社区代码或部门", "of one party"))] = "",
    with_closed: Annotated[bool, typer.Option("--all", help=say("含已办结的", "closed ones too"))] = False,
    as_json: _AsJson = False,
) -> None:
    """Print the cases, those due first."""
    from jiceng_pipeline.exchange import handover
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.services import withdrawal

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        found = handover.cases(settings, ledger, party or None, with_closed=with_closed)
        flags = withdrawal.flagged(settings, ledger)
    if as_json:
        print_json(
            [
                {
                    **case.now.model_dump(mode="json"), "is_late": case.is_late,
                    "is_item_ended": case.now.case_id in flags,
                }
                for case in found
            ]
        )  # fmt: skip
        return
    table = Table(
        say("编号", "id"), say("事项", "case"), say("提出", "from"), say("现由", "held by"), say("期限", "due")
    )
    for case in found:
        now = case.now
        style = "red" if case.is_late else ""
        title = _titled(now.title, is_ended=now.case_id in flags)
        table.add_row(now.case_id, title, now.opener, now.holder, str(now.due_date or ""), style=style)
    out.print(table)


def _named(settings: Settings, item: str) -> str:
    """Return the id of a service item in force, nothing where none was named."""
    from jiceng_pipeline.services import catalogue

    return catalogue.find(settings, item).id if item else ""


def _titled(title: str, *, is_ended: bool) -> str:
    return f"{title}（{say('事项已停办', 'item ended')}）" if is_ended else title
