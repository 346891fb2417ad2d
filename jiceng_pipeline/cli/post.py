"""`jiceng post`: who holds which post; the security administrator's work."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

import typer

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings

app = typer.Typer(no_args_is_help=True, help=say("岗位：任命、免去、查看", "posts: give, end, list"))

_Actor = Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))]
_AsJson = Annotated[bool, typer.Option("--json", help="JSON")]


@app.command(help=say("任命：谁、什么角色、管哪里", "put somebody into a post"))
def give(
    account: Annotated[str, typer.Argument(help=say("账号", "account"))],
    role: Annotated[str, typer.Argument(help=say("角色，如 clerk、township、audit_admin", "role"))],
    place: Annotated[
        str, typer.Option(help=say("社区、乡镇、县、市的代码或名称", "code or name of the division"))
    ] = "*",
    system: Annotated[list[str] | None, typer.Option(help=say("部门岗位负责的系统，可写几次", "systems"))] = None,
    until: Annotated[str, typer.Option(help=say("到哪天为止（含），如 2027-06-30", "last day"))] = "",
    actor: _Actor = "operator",
) -> None:
    """Write the post into the ledger."""
    from jiceng_pipeline.ledger.kind import checked
    from jiceng_pipeline.ledger.kinds.post import Post
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.returns import communities, posts
    from jiceng_pipeline.returns.access import permit

    settings = Settings.load()
    scope = place if place == posts.NO_DIVISION else communities.find(settings, place).code
    body = checked(
        "post",
        {"account": account, "role": role, "scope": scope, "systems": tuple(system or ()), "until": _end(until),
         "given_by": actor},
    )  # fmt: skip
    assert isinstance(body, Post)
    with open_ledger(settings) as ledger:
        permit(ledger, actor, "give_post")
        event = posts.give(ledger, body)
    out.print(say(f"已任命，岗位 {body.subject}，回执号 {event.receipt}", f"{body.subject}, receipt {event.receipt}"))


@app.command(help=say("免去一个岗位", "end a post"))
def end(
    post: Annotated[str, typer.Argument(help=say("岗位，如 wang/clerk/320613005001", "post"))],
    actor: _Actor = "operator",
) -> None:
    """Write into the ledger that the post has ended."""
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.returns import posts
    from jiceng_pipeline.returns.access import permit

    with open_ledger(Settings.load()) as ledger:
        permit(ledger, actor, "end_post")
        event = posts.end(ledger, post, actor)
    out.print(say(f"已免去，回执号 {event.receipt}", f"ended, receipt {event.receipt}"))


@app.command("list", help=say("列出现在的岗位", "list the posts that are held"))
def show_list(as_json: _AsJson = False) -> None:
    """Print who holds which post where."""
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.returns import holding, roles

    with open_ledger(Settings.load()) as ledger:
        found = holding.everybody(ledger)
    if as_json:
        print_json([entry.body.model_dump(mode="json") | {"post": entry.subject} for entry in found])
        return
    table = Table(title=say(f"岗位 {len(found)} 个", f"{len(found)} posts"), title_justify="left")
    for name in (
        say("岗位", "post"),
        say("角色", "role"),
        say("系统", "systems"),
        say("到", "until"),
        say("任命人", "by"),
    ):
        table.add_column(name)
    for entry in found:
        body = entry.body
        table.add_row(
            entry.subject, roles.find(body.role).title, "、".join(body.systems),
            f"{body.until:%Y-%m-%d}" if body.until else "", body.given_by,
        )  # fmt: skip
    out.print(table)


def _end(until: str) -> datetime | None:
    """Return the first instant after that day, here."""
    from jiceng_pipeline.core.clock import LOCAL

    try:
        return datetime.combine(date.fromisoformat(until) + timedelta(days=1), time(), LOCAL) if until else None
    except ValueError:
        raise UsageError("不是日期", where=f"--until {until}", cure="写成 2027-06-30 这样") from None
