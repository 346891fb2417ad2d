"""`jiceng decide`: a person says that records are, or are not, one, moves one, freezes a value, or takes that back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    import duckdb

    from jiceng_pipeline.ledger.chain import Event
    from jiceng_pipeline.ledger.kinds.decision import Verdict
    from jiceng_pipeline.ledger.store import Ledger

app = typer.Typer(
    no_args_is_help=True,
    help=say(
        "人工判定：同一、不同、移动、固定取值、撤回", "human decisions: same, different, move, freeze a value, undo"
    ),
)

_JUDGE, _FREEZE = "judge_duplicate", "freeze_value"  # what has to be permitted
_Record = Annotated[str, typer.Argument(help="record_id")]
_Reason = Annotated[str, typer.Option(help=say("理由；不写个人信息", "reason; no personal values"))]
_Actor = Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))]
_Entity = Annotated[Literal["resident", "enterprise"] | None, typer.Option(help=say("对象的种类", "kind of entity"))]


@app.command(help=say("两条记录是同一对象", "two records are one"))
def same(one: _Record, other: _Record, reason: _Reason, entity: _Entity = None, actor: _Actor = "operator") -> None:
    """Write the decision into the ledger."""
    _judge("same", one, other, reason, entity, actor)


@app.command(help=say("两条记录不是同一对象", "two records are not one"))
def different(
    one: _Record, other: _Record, reason: _Reason, entity: _Entity = None, actor: _Actor = "operator"
) -> None:
    """Write the decision into the ledger."""
    _judge("different", one, other, reason, entity, actor)


@app.command(help=say("看过了，说不准；记录变了再问", "looked, cannot tell; asked again once a record changes"))
def unsure(one: _Record, other: _Record, reason: _Reason, entity: _Entity = None, actor: _Actor = "operator") -> None:
    """Write the decision into the ledger."""
    _judge("unsure", one, other, reason, entity, actor)


@app.command(help=say("一条记录归错了，移到另一对象", "one record lies with the wrong object: move it"))
def move(
    record: _Record,
    away_from: Annotated[str, typer.Option("--from", help=say("现在所在对象的一条记录", "a record it leaves"))],
    to: Annotated[str, typer.Option("--to", help=say("应归入的对象的一条记录", "a record it belongs with"))],
    reason: _Reason,
    entity: _Entity = None,
    actor: _Actor = "operator",
) -> None:
    """Write the move into the ledger: one event, undone as one."""
    from jiceng_pipeline.matching import judgement

    _record(
        (record, away_from, to),
        actor,
        lambda connection, _, ledger: judgement.move(connection, ledger, record, away_from, to, reason, actor, entity),
    )


@app.command(help=say("固定一个值：撤回之前，各系统怎么说都取它", "freeze a value: it stands until that is undone"))
def freeze(
    record: _Record,
    element: Annotated[str, typer.Option(help=say("哪个数据元，如 phone", "element"))],
    reason: _Reason,
    value: Annotated[
        str,
        typer.Option(
            prompt=say("应该是（取这条记录现有的值就留空）", "value (empty: the one this record has)"),
            help=say("应取的值；空：这条记录的值", "the value; empty: the one this record has"),
        ),
    ] = "",
    actor: _Actor = "operator",
) -> None:
    """Write the value into the ledger; it is shown nowhere else."""
    from jiceng_pipeline.matching import judgement

    _record(
        (record,),
        actor,
        lambda connection, _, ledger: judgement.freeze(connection, ledger, record, element, value, reason, actor),
        _FREEZE,
    )


@app.command(
    help=say(
        "否定一项：撤回之前，各系统怎么说都不取（如把在世的人登记为死亡）",
        "deny what systems say of an element, as where one has somebody as dead who lives",
    )
)
def deny(
    record: _Record,
    element: Annotated[str, typer.Option(help=say("哪个数据元，如 death_date", "element"))],
    reason: _Reason,
    actor: _Actor = "operator",
) -> None:
    """Write into the ledger that nothing stands there."""
    from jiceng_pipeline.matching import judgement

    _record(
        (record,),
        actor,
        lambda connection, _, ledger: judgement.deny(connection, ledger, record, element, reason, actor),
        _FREEZE,
    )


@app.command(help=say("撤回第几号判定，不论之后又判定过什么", "take back a decision, however many came after it"))
def undo(
    seq: Annotated[int, typer.Argument(help=say("编号，见 list", "number, see list"))],
    reason: _Reason,
    actor: _Actor = "operator",
) -> None:
    """Write the retraction into the ledger."""
    from jiceng_pipeline.matching import judgement, verdicts

    with _open() as (connection, _, ledger):
        act = next((act for act in verdicts.acts(ledger) if act.seq == seq), None)
        if act:
            _check_scope(connection, ledger, act.records, actor, _FREEZE if act.element_id else _JUDGE)
        _say_recorded(judgement.undo(ledger, seq, reason, actor))


@app.command("list", help=say("列出人工判定（默认只列现行有效的）", "list decisions, by default those that stand"))
def show_list(
    every: Annotated[bool, typer.Option("--all", help=say("也列被替代和已撤回的", "also replaced and undone"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """Print who decided what when, of which records; no values."""
    from jiceng_pipeline.core import clock
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.matching import verdicts

    with open_ledger(Settings.load()) as ledger:
        found = [act for act in verdicts.acts(ledger) if every or act.state == "stands"]
    if as_json:
        print_json([asdict(act) for act in found])
        return
    verbs = {
        "same": say("同一", "same"), "different": say("不同", "different"), "unsure": say("说不准", "unsure"),
        "move": say("移动", "move"), "freeze": say("固定", "freeze"),
        "deny": say("否定", "deny"),
    }  # fmt: skip
    states = {
        "stands": say("有效", "stands"), "replaced": say("被替代", "replaced"), "undone": say("已撤回", "undone"),
    }  # fmt: skip
    table = Table(title=say(f"人工判定 {len(found)} 条", f"{len(found)} decisions"), title_justify="left")
    for name in (
        say("编号", "number"), say("判定", "decision"), say("记录", "records"), say("数据元", "element"),
        say("状态", "state"), say("谁", "who"), say("日期", "date"), say("理由", "reason"),
    ):  # fmt: skip
        table.add_column(name)
    for act in found:
        day = f"{act.at.astimezone(clock.LOCAL):%Y-%m-%d}"
        records = "\n".join(act.records)
        table.add_row(
            str(act.seq), verbs[act.verb], records, act.element_id, states[act.state], act.actor, day, act.reason
        )
    out.print(table)


def _judge(verdict: "Verdict", one: str, other: str, reason: str, entity: str | None, actor: str) -> None:
    from jiceng_pipeline.matching import judgement

    _record(
        (one, other),
        actor,
        lambda connection, settings, ledger: judgement.decide(
            connection, settings, ledger, verdict, (one, other), reason, actor, entity
        ),
    )


def _record(
    records: tuple[str, ...],
    actor: str,
    act: "Callable[[duckdb.DuckDBPyConnection, Settings, Ledger], Event]",
    may: str = _JUDGE,
) -> None:
    with _open() as (connection, settings, ledger):
        _check_scope(connection, ledger, records, actor, may)
        _say_recorded(act(connection, settings, ledger))


@contextmanager
def _open() -> "Iterator[tuple[duckdb.DuckDBPyConnection, Settings, Ledger]]":
    """Yield the version being served and the ledger."""
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.warehouse import publish
    from jiceng_pipeline.warehouse.connection import connect

    settings = Settings.load()
    version = publish.find(settings)
    with (
        connect(version.database, settings=settings, read_only=True) as connection,
        open_ledger(settings) as ledger,
    ):
        yield connection, settings, ledger


def _check_scope(
    connection: "duckdb.DuckDBPyConnection", ledger: "Ledger", records: tuple[str, ...], actor: str, act: str
) -> None:
    """Raise AccessDenied unless the actor's posts cover the community of everybody these records are of."""
    from jiceng_pipeline.matching.model import matchings
    from jiceng_pipeline.returns.access import permit

    marks = ", ".join("?" for _ in records)
    placed = " union ".join(
        f"""select g.community_code from matching.{entity}_link as l
        left join governance.{entity} as g on g.{entity}_id = l.entity_id where l.record_id in ({marks})"""
        for entity in matchings()
    )
    found = connection.execute(f"{placed} order by 1", list(records) * len(matchings())).fetchall()
    # who lies in no community, or is not there at all, is nobody's in particular
    for (community,) in found or [(None,)]:
        permit(ledger, actor, act, community)


def _say_recorded(event: "Event") -> None:
    out.print(
        say(
            f"已记入第 {event.seq} 号，回执号 {event.receipt}。下次同步起生效；撤回：jiceng decide undo {event.seq}",
            f"Recorded as number {event.seq}, receipt {event.receipt}. In force from the next sync on; "
            f"to take it back: jiceng decide undo {event.seq}",
        ),
        soft_wrap=True,
    )
