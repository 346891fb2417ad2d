"""`jiceng subscription`: who is told of which changes: add, list, deliver, what went out, what is stuck."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    from jiceng_pipeline.ledger.kinds.subscription import Condition, Test

app = typer.Typer(no_args_is_help=True, help=say("数据订阅：登记、交付、查看", "subscriptions and their delivery"))

_AsJson = Annotated[bool, typer.Option("--json", help="JSON")]
_Actor = Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))]
_Name = Annotated[str, typer.Argument(help=say("订阅编号", "subscription"))]
_STUCK = {"waiting", "parked", "denied"}
_TESTS: "dict[str, Test]" = {">=": "at_least", "<=": "at_most", "!=": "is_not", "~": "contains", "=": "is"}


@app.command(help=say("登记或更改一个订阅", "add or change a subscription"))
def add(
    name: _Name,
    subscriber: Annotated[str, typer.Option(help=say("订阅者的账号", "the subscriber's account"))],
    dataset: Annotated[str, typer.Option(help=say("数据集", "dataset"))],
    scope: Annotated[str, typer.Option(help=say("区划代码或其开头，* 为全部", "division code or its beginning"))],
    target: Annotated[str, typer.Option(help=say("送到哪里：subscribers.yaml 里的名字", "name in subscribers.yaml"))],
    elements: Annotated[str, typer.Option(help=say("数据项，逗号分开；不写为全部", "elements, by commas"))] = "",
    where: Annotated[
        list[str] | None, typer.Option(help=say("条件，如 sex_code=1、tags~elderly", "conditions"))
    ] = None,
    cadence: Annotated[
        Literal["every_version", "daily", "weekly", "monthly"], typer.Option(help=say("多久送一次", "how often"))
    ] = "every_version",
    profile: Annotated[str, typer.Option(help=say("显示方式", "profile"))] = "check",
    purpose: Annotated[str, typer.Option(help=say("用途；完整数据必填", "purpose"))] = "",
    actor: _Actor = "operator",
) -> None:
    """Write the subscription into the ledger, where the grant covers it."""
    from jiceng_pipeline.exchange import subscription
    from jiceng_pipeline.ledger.kind import checked
    from jiceng_pipeline.ledger.kinds.subscription import Subscription
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    body = {
        "subscription_id": name, "subscriber": subscriber, "dataset": dataset, "scope": scope, "target": target,
        "elements": tuple(e.strip() for e in elements.split(",") if e.strip()) or "*",
        "conditions": tuple(map(_condition, where or ())), "cadence": cadence, "profile": profile,
        "purpose": purpose or None,
    }  # fmt: skip
    wanted = checked("subscription", body)
    assert isinstance(wanted, Subscription)
    with open_ledger(settings) as ledger:
        event = subscription.put(settings, ledger, wanted, actor)
    out.print(say(f"已登记，回执号 {event.receipt}。", f"Recorded, receipt {event.receipt}."))


@app.command("list", help=say("列出订阅和各送到第几批", "list subscriptions and how far they are"))
def show_list(as_json: _AsJson = False) -> None:
    """Print every subscription with its last batch and what is stuck."""
    from jiceng_pipeline.exchange import subscription
    from jiceng_pipeline.exchange.receipt import Receipts
    from jiceng_pipeline.ledger.store import open_ledger

    with open_ledger(Settings.load()) as ledger:
        known, receipts = subscription.every(ledger), Receipts(ledger)
        found = [
            {
                **each.model_dump(mode="json"),
                "number": receipts.sent(name).number,
                "version": receipts.version(name),
                "stuck": stuck.reason if (stuck := receipts.parked(name) or receipts.failing(name)) else None,
            }
            for name, each in known.items()
        ]
    if as_json:
        print_json(found)
        return
    titles = (say("订阅", "subscription"), say("订阅者", "subscriber"), say("数据集", "dataset"), say("范围", "scope"),
              say("多久", "cadence"), say("状态", "state"), say("批号", "batch"), say("卡在哪里", "stuck"))  # fmt: skip
    table = Table(*titles)
    for each in found:
        told = (each["subscription_id"], each["subscriber"], each["dataset"], each["scope"],
                subscription.CADENCES[each["cadence"]], subscription.STATES[each["state"]])  # fmt: skip
        table.add_row(*told, str(each["number"]), each["stuck"] or "", style="red" if each["stuck"] else "")
    out.print(table)


@app.command(help=say("交付到时间的订阅", "deliver what is due"))
def deliver(
    names: Annotated[list[str] | None, typer.Argument(help=say("只送这些订阅", "only these"))] = None,
    now: Annotated[bool, typer.Option(help=say("不等到时间", "do not wait for the rhythm"))] = False,
    as_json: _AsJson = False,
) -> int:
    """Deliver, print how each went, and return 3 where something is stuck."""
    from jiceng_pipeline.exchange.delivery import deliver as handed_over
    from jiceng_pipeline.exchange.delivery_round import STATES

    outcomes = handed_over(Settings.load(), tuple(names or ()), now=now)
    if as_json:
        print_json([asdict(each) for each in outcomes])
    else:
        table = Table(say("订阅", "subscription"), say("结果", "outcome"), say("批", "batches"), say("行", "rows"), "")
        for each in outcomes:
            style = "red" if each.state in _STUCK else ""
            table.add_row(
                each.subscription_id, STATES[each.state], str(each.batches), f"{each.rows:,}", each.reason, style=style
            )
        out.print(table)
    return 3 if any(each.state in _STUCK for each in outcomes) else 0


@app.command(help=say("看交付过什么：每批的行数、数据项、用途、授权、哈希", "what was handed over"))
def receipts(name: _Name, as_json: _AsJson = False) -> None:
    """Print the receipts of a subscription."""
    from jiceng_pipeline.exchange.receipt import handed_over
    from jiceng_pipeline.ledger.store import open_ledger

    with open_ledger(Settings.load()) as ledger:
        found = handed_over(ledger, name=name)
    if as_json:
        print_json(
            [{**entry.body.model_dump(mode="json"), "at": entry.at, "receipt": entry.receipt} for entry in found]
        )
        return
    table = Table(say("批号", "batch"), say("时间", "at"), say("行", "rows"), say("授权", "grant"), say("哈希", "hash"),
                  say("回执号", "receipt"))  # fmt: skip
    for entry in found:
        told = entry.body
        table.add_row(
            str(told.number), f"{entry.at:%Y-%m-%d %H:%M}", f"{told.rows:,}", told.grant, told.hash[:12], entry.receipt
        )
    out.print(table)


@app.command(help=say("暂停、恢复或结束一个订阅", "pause, take up again or end"))
def turn(
    name: _Name, state: Annotated[Literal["active", "paused", "ended"], typer.Argument()], actor: _Actor = "operator"
) -> None:
    """Write the new state into the ledger."""
    from jiceng_pipeline.exchange import subscription
    from jiceng_pipeline.ledger.store import open_ledger

    with open_ledger(Settings.load()) as ledger:
        event = subscription.turn(ledger, name, state, actor)
    out.print(say(f"已记入，回执号 {event.receipt}。", f"Recorded, receipt {event.receipt}."))


@app.command(help=say("把送过的批次再送一次", "send batches again"))
def replay(
    name: _Name,
    first: Annotated[int, typer.Argument()],
    last: Annotated[int, typer.Argument()],
    actor: _Actor = "operator",
) -> None:
    """Send them; a receiver passes by what it has."""
    from jiceng_pipeline.exchange import delivery

    outcome = delivery.replay(Settings.load(), name, first, last, actor)
    out.print(
        say(f"重送 {outcome.batches} 批，{outcome.rows:,} 行。", f"{outcome.batches} batches, {outcome.rows:,} rows.")
    )


@app.command(help=say("对方处理好之后，再送被拒收的一批；--anew 重发全量", "try a refused batch again"))
def resume(
    name: _Name,
    anew: Annotated[bool, typer.Option(help=say("从全量重新开始", "a new baseline"))] = False,
    actor: _Actor = "operator",
) -> None:
    """Take a parked subscription up again at the next delivery."""
    from jiceng_pipeline.exchange import delivery

    delivery.resume(Settings.load(), name, actor, anew=anew)
    out.print(say("下次交付时再送。", "It is tried at the next delivery."))


@app.command(help=say("另一个实例以此订阅为来源时用的合同", "the contract for another instance"))
def contract(
    name: _Name,
    system: Annotated[str, typer.Option(help=say("在那边叫什么：部门/系统", "department/system there"))],
    owner: Annotated[str, typer.Option(help=say("责任单位", "owner"))],
    contact: Annotated[str, typer.Option(help=say("联系方式", "contact"))],
) -> None:
    """Print the contract, to be put into the other instance's `departments/` folder."""
    from jiceng_pipeline.exchange import receiver_contract, subscription
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        wanted = subscription.find(ledger, name)
    typer.echo(receiver_contract.text(settings, wanted, system, owner, contact), nl=False)


def _condition(text: str) -> "Condition":
    from jiceng_pipeline.exchange import condition

    for sign, test in _TESTS.items():
        element, found, values = text.partition(sign)
        if found:
            return condition.of(element, test, values.split("|"))
    if text.endswith(("?", "？")):
        return condition.of(text[:-1], "is_filled")
    raise UsageError("条件写得不对", where=text, cure="写成 数据项=值|值、数据项>=值、tags~标签，或 数据项? 表示有值")
