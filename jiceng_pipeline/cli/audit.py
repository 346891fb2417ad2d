"""`jiceng audit`: whether the record is whole, who did what, and who saw one person."""

from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    from jiceng_pipeline.ledger.kinds.audit import Audit
    from jiceng_pipeline.ledger.views import Entry

app = typer.Typer(no_args_is_help=True, help=say("审计：核对、查看、谁看过某人", "the audit: verify, list, who saw"))

_Actor = Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))]
_AsJson = Annotated[bool, typer.Option("--json", help="JSON")]
_OUTCOMES = {"granted": "准许", "denied": "拒绝", "served": "已给出", "failed": "没有给出"}


@app.command(help=say("核对整本账有没有被改动", "check that nothing was changed"))
def verify(as_json: _AsJson = False) -> None:
    """Check every event of the ledger; the first bad one is named, with exit code 8."""
    from jiceng_pipeline.ledger.store import open_ledger

    with open_ledger(Settings.load()) as ledger:
        head = ledger.verify()
    if as_json:
        print_json({"events": head.seq, "hash": head.hash})
    else:
        out.print(say(f"完整无缺，共 {head.seq:,} 条，末号 {head.hash[:12]}", f"whole: {head.seq:,} events"))


@app.command("list", help=say("列出最近的审计记录", "list the last entries"))
def show_list(
    account: Annotated[str, typer.Option(help=say("只看这个账号", "of this account"))] = "",
    outcome: Annotated[
        Literal["", "granted", "denied", "served", "failed"], typer.Option(help=say("结果", "outcome"))
    ] = "",
    since: Annotated[str, typer.Option(help=say("从哪天起，如 2026-11-01", "from this day on"))] = "",
    last: Annotated[int, typer.Option(min=1, help=say("最多几条", "at most so many"))] = 50,
    actor: _Actor = "operator",
    as_json: _AsJson = False,
) -> None:
    """Print who asked for what and what came of it; looking is itself in the audit."""
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.returns import audit_trail
    from jiceng_pipeline.returns.access import permit

    with open_ledger(Settings.load()) as ledger:
        permit(ledger, actor, "read_audit")
        found = [("", entry) for entry in islice(audit_trail.backwards(ledger, account, outcome, _day(since)), last)]
    _show(found, say(f"最近 {len(found)} 条审计记录", f"the last {len(found)} entries"), as_json)


@app.command("who-saw", help=say("谁看过某个人的数据", "who saw one person's data"))
def who_saw(
    resident_id: Annotated[str, typer.Argument(help=say("人员标识", "resident_id"))],
    actor: _Actor = "operator",
    as_json: _AsJson = False,
) -> None:
    """Print the readings that covered the person: single pages, lists, packages, queries."""
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.returns import audit_trail
    from jiceng_pipeline.returns.access import permit
    from jiceng_pipeline.standard import divisions
    from jiceng_pipeline.warehouse import publish
    from jiceng_pipeline.warehouse.connection import connect

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        permit(ledger, actor, "read_audit")
        version = publish.find(settings)
        with connect(version.database, settings=settings, read_only=True) as connection:
            seen = audit_trail.who_saw(ledger, connection, resident_id, divisions.merged(settings))
            found = [(each.how, each.entry) for each in seen]
    _show(found, say(f"{len(found)} 次", f"{len(found)} readings"), as_json)


def _show(found: "list[tuple[str, Entry[Audit]]]", title: str, as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {"seq": entry.seq, "at": entry.at, "actor": entry.actor, "how": how or None, "receipt": entry.receipt,
                 **entry.body.model_dump(mode="json", exclude_none=True)}
                for how, entry in found
            ]
        )  # fmt: skip
        return
    table = Table(title=title, title_justify="left")
    for name in (
        say("时间", "at"), say("账号", "account"), say("做什么", "action"), say("数据", "dataset"),
        say("范围", "scope"), say("显示方式", "profile"), say("用途", "purpose"), say("结果", "outcome"),
        say("怎样", "how"), say("回执号", "receipt"),
    ):  # fmt: skip
        table.add_column(name)
    for how, entry in found:
        body = entry.body
        table.add_row(
            f"{entry.at:%Y-%m-%d %H:%M}", entry.actor, body.action, body.dataset, body.scope, body.profile or "",
            body.purpose or "", _OUTCOMES[body.outcome] + (f" {body.rows:,}" if body.rows is not None else ""), how,
            entry.receipt,
        )  # fmt: skip
    out.print(table)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError("不是日期", where=f"--since {text}", cure="写成 2026-11-01 这样") from None
