"""`jiceng dispute`: a community doubts a value, somebody decides; until then the cell is marked as in doubt."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    from jiceng_pipeline.ledger.store import Ledger
    from jiceng_pipeline.quality.disputes import Doubt

app = typer.Typer(no_args_is_help=True, help=say("异议：提出、查看、处理", "disputes: open, look, decide"))

_Actor = Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))]
_AsJson = Annotated[bool, typer.Option("--json", help="JSON")]
_SHORTEST = 4


@app.command("open", help=say("对一个值提出异议", "doubt a value"))
def open_dispute(
    entity_id: Annotated[str, typer.Argument(help=say("人员、户或市场主体的标识", "id of the entity"))],
    element: Annotated[str, typer.Option(help=say("哪个数据元，如 phone", "element"))],
    basis: Annotated[str, typer.Option(help=say("依据", "basis"))],
    community: Annotated[str, typer.Option(help=say("社区的十二位代码", "community code"))],
    believed: Annotated[
        str,
        typer.Option(prompt=say("认为应该是（不知道就留空）", "believed value"), help=say("认为应该是", "believed")),
    ] = "",
    entity: Annotated[
        Literal["resident", "household", "enterprise"], typer.Option(help=say("对象的种类", "kind of entity"))
    ] = "resident",
    actor: _Actor = "operator",
) -> None:
    """Write the doubt into the ledger; the believed value goes nowhere else."""
    from jiceng_pipeline.ledger.kind import checked
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.returns.access import permit

    settings = Settings.load()
    systems, record_id = _cell(settings, entity, entity_id, element, community)
    body = checked(
        "dispute",
        {
            "entity": entity,
            "entity_id": entity_id,
            "element_id": element,
            "believed_value": believed.strip(),
            "basis": basis.strip(),
            "community_code": community,
            "systems": systems,
            "record_id": record_id,
        },
    )
    with open_ledger(settings) as ledger:
        permit(ledger, actor, "dispute", community)
        event = ledger.append("dispute", f"{entity}:{entity_id}:{element}", body, actor)
    asked = "、".join(systems) or "—"
    out.print(
        say(
            f"已记入，回执号 {event.receipt}。去问 {asked}；下次同步起，这个值标为存疑，直到处理。",
            f"Recorded, receipt {event.receipt}. Asked: {asked}. From the next sync on it is marked as in doubt.",
        ),
        soft_wrap=True,
    )


@app.command("list", help=say("列出异议（默认只列待处理的）", "list disputes, by default open ones"))
def show_list(
    state: Annotated[
        Literal["open", "upheld", "rejected", "withdrawn", "all"], typer.Option(help=say("状态", "state"))
    ] = "open",
    community: Annotated[str, typer.Option(help=say("社区代码或开头", "community code"))] = "",
    as_json: _AsJson = False,
) -> None:
    """Print which cells are in doubt, since when, and who was asked; no values."""
    from dataclasses import asdict

    from jiceng_pipeline.quality.disputes import STATES

    found = [
        each
        for each in _doubts(Settings.load())
        if (state == "all" or each.state == state) and each.community_code.startswith(community)
    ]
    if as_json:
        print_json([asdict(each) for each in found])
        return
    table = Table(title=say(f"异议 {len(found)} 件", f"{len(found)} disputes"), title_justify="left")
    for name in (
        say("编号", "id"), say("对象", "entity"), say("数据元", "element"), say("社区", "community"),
        say("问了谁", "asked"), say("状态", "state"), say("提出", "opened"), say("工作日", "working days"),
    ):  # fmt: skip
        table.add_column(name)
    for each in found:
        table.add_row(
            each.dispute_id[:8], each.entity_id[:8], each.element_id, each.community_code, "、".join(each.systems),
            STATES[each.state], f"{each.opened_date}", str(each.working_days),
        )  # fmt: skip
    out.print(table)


@app.command(help=say("处理一件异议", "decide a dispute"))
def decide(
    dispute_id: Annotated[str, typer.Argument(help=say("编号或开头几位", "id"))],
    verdict: Annotated[
        Literal["upheld", "rejected", "withdrawn"],
        typer.Option(help=say("upheld 成立、rejected 不成立、withdrawn 撤回", "verdict")),
    ],
    reason: Annotated[str, typer.Option(help=say("理由", "reason"))],
    actor: _Actor = "operator",
) -> None:
    """Write the decision into the ledger."""
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    found = [each for each in _doubts(settings) if each.dispute_id.startswith(dispute_id) and each.state == "open"]
    if len(found) != 1 or len(dispute_id) < _SHORTEST:
        what = "编号不够长" if found else "没有这件待处理的异议"
        raise UsageError(what, where=dispute_id, cure="用 jiceng dispute list 看编号")
    doubt = found[0]
    with open_ledger(settings) as ledger:
        _check_decider(ledger, actor, doubt, verdict)
        body = {
            "entity": doubt.entity,
            "entity_id": doubt.entity_id,
            "element_id": doubt.element_id,
            "verdict": verdict,
            "reason": " ".join(reason.split()),
        }
        event = ledger.append("dispute_decision", doubt.subject, body, actor)
    out.print(say(f"已记入，回执号 {event.receipt}。", f"Recorded, receipt {event.receipt}."), soft_wrap=True)


def _doubts(settings: Settings) -> "list[Doubt]":
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.quality import disputes

    with open_ledger(settings) as ledger:
        return disputes.doubts(settings, ledger)


def _check_decider(ledger: "Ledger", actor: str, doubt: "Doubt", verdict: str) -> None:
    """Raise AccessDenied unless the actor may withdraw it, for its community, or decide it, for a system asked."""
    from jiceng_pipeline.returns import holding
    from jiceng_pipeline.returns.access import permit

    if verdict == "withdrawn":
        permit(ledger, actor, "withdraw_dispute", doubt.community_code)
        return
    own = {system for entry in holding.posts(ledger, actor) for system in entry.body.systems}
    asked = next((system for system in doubt.systems if system in own), None)
    permit(ledger, actor, "decide_dispute", doubt.community_code, asked)


def _cell(
    settings: Settings, entity: str, entity_id: str, element: str, community: str
) -> tuple[tuple[str, ...], str | None]:
    """Return the systems that hold a value of the cell and the record whose value stands."""
    from jiceng_pipeline.standard import register
    from jiceng_pipeline.warehouse import publish
    from jiceng_pipeline.warehouse.connection import connect

    register.element(element)
    version = publish.find(settings)
    with connect(version.database, settings=settings, read_only=True) as connection:
        if not connection.execute(
            f"select 1 from governance.{entity} where {entity}_id = ? and community_code = ?", [entity_id, community]
        ).fetchall():
            raise UsageError("这个社区没有这个对象", where=entity_id, cure="核对标识和社区代码")
        held = connection.execute(
            """select system, record_id, is_winner from governance.provenance_cell
            where entity = ? and entity_id = ? and element_id = ? order by system, record_id""",
            [entity, entity_id, element],
        ).fetchall()
    systems = tuple(dict.fromkeys(system for system, _, _ in held))
    return systems, next((record for _, record, wins in held if wins), None)
