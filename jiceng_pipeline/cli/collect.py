"""`jiceng collect`: filled forms come back, answers of departments come back, a township sees who is missing."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.text import Text

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.errors import JicengError, UsageError
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    from jiceng_pipeline.forms.report import Report

app = typer.Typer(no_args_is_help=True, help=say("回收填好的表", "filled forms come back"))

_Actor = Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))]
_AsJson = Annotated[bool, typer.Option("--json", help="JSON")]
_MOST_LINES = 40


@app.command("read", help=say("收填好的表，一张或几张", "read filled workbooks"))
def read(
    files: Annotated[list[Path], typer.Argument(help=say("文件", "files"))],
    try_only: Annotated[bool, typer.Option("--try", help=say("只看结果，不入库", "tell, take nothing"))] = False,
    actor: _Actor = "operator",
    as_json: _AsJson = False,
) -> int:
    """Read each file; what is accepted stands, or is put beside what stands, from the next sync on."""
    from jiceng_pipeline.forms import readback

    settings = Settings.load()
    told: list[tuple[Path, Report | JicengError]] = []
    for path in files:
        try:
            told.append((path, readback.read(settings, actor, path, try_only=try_only)))
        except UsageError as error:
            told.append((path, error))
    return _say(told, as_json)


@app.command("folder", help=say("收一个文件夹里的表，默认收 inbox", "read the workbooks of a folder"))
def folder(
    place: Annotated[Path | None, typer.Argument(help=say("文件夹", "folder"))] = None,
    actor: _Actor = "operator",
    as_json: _AsJson = False,
) -> int:
    """Read what lies there; each file is moved to `read` or `refused` inside it, with its receipt beside it."""
    from jiceng_pipeline.forms import inbox

    return _say(list(inbox.read_all(Settings.load(), actor, place)), as_json)


@app.command("answers", help=say("部门对采集值的回音", "what departments answered"))
def answers(
    scope: Annotated[str, typer.Option("--community", help=say("区划代码或名称", "division"))],
    actor: _Actor = "operator",
    as_json: _AsJson = False,
) -> None:
    """List what was sent to which system and what it said; element and surrogate key, never the value."""
    from jiceng_pipeline.departments.contract import contracts
    from jiceng_pipeline.forms import outbox
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.returns import communities
    from jiceng_pipeline.returns.access import permit
    from jiceng_pipeline.standard import register

    settings = Settings.load()
    place = communities.find(settings, scope)
    with open_ledger(settings) as ledger:
        permit(ledger, actor, "collect", scope=place.code)
        found = outbox.answers(ledger, place.code)
    if as_json:
        print_json([{**vars(each), "sent": each.sent.isoformat()} for each in found])
        return
    table = Table(title=say("采集值的去向", "where collected values went"), title_justify="left")
    for name in (say("系统", "system"), say("数据项", "element"), say("回音", "answer"), say("原因", "reason"), "#"):
        table.add_column(name)
    for each in found:
        system, element = contracts().get(each.system), register.element(each.element_id)
        verdict = outbox.VERDICTS[each.verdict]
        table.add_row(system.title if system else each.system, element.title, verdict, each.reason, each.outbox)
    out.print(table)


@app.command("answer", help=say("部门答复一个采集值", "a department answers a value"))
def answer(
    number: Annotated[str, typer.Argument(help=say("编号，见 answers", "its number"))],
    verdict: Annotated[
        Literal["taken_over", "refused"], typer.Option(help=say("采用、不采用", "taken over or refused"))
    ],
    reason: Annotated[str, typer.Option(help=say("不采用的原因", "why it is refused"))] = "",
    actor: _Actor = "operator",
) -> None:
    """Write the answer into the ledger; the community that collected the value sees it."""
    from jiceng_pipeline.forms import outbox
    from jiceng_pipeline.ledger.store import open_ledger

    if verdict == "refused" and not reason.strip():
        raise UsageError("不采用要写明原因", where="--reason", cure="例如：--reason 本人来电确认原号码在用")
    with open_ledger(Settings.load()) as ledger:
        outbox.answer(ledger, actor, number, verdict, reason)
    out.print(say("已记入。", "Recorded."))


@app.command("gather", help=say("乡镇归集：谁交了、缺谁、上报一份", "who returned a form, who is missing"))
def gather(
    form: Annotated[str, typer.Argument(help=say("表单的编号或名称", "form"))],
    scope: Annotated[str, typer.Option("--place", help=say("乡镇、县的代码或名称", "township or county"))],
    send: Annotated[bool, typer.Option("--send", help=say("上报", "send it on"))] = False,
    with_missing: Annotated[bool, typer.Option("--with-missing", help=say("缺的也上报", "send without them"))] = False,
    to: Annotated[Path, typer.Option(help=say("放到哪个文件夹", "folder"))] = Path(),
    actor: _Actor = "operator",
    as_json: _AsJson = False,
) -> None:
    """Show how a form stands in a division since its period began; with --send write the township's workbook."""
    from jiceng_pipeline.forms import gathering

    settings = Settings.load()
    if send:
        out.print(str(gathering.send(settings, actor, form, scope, to, with_missing=with_missing)), soft_wrap=True)
        return
    told = gathering.standing(settings, actor, form, scope)
    missing = [each.code for each in told.missing]
    if as_json:
        print_json({"form": told.form, "scope": told.scope, "returned": len(told.returns) - len(missing),
                    "missing": missing, "rows": told.rows, "counts": dict(told.counts)})  # fmt: skip
        return
    back = len(told.returns) - len(missing)
    out.print(say(f"{told.title}：应交 {len(told.returns)}，已交 {back}，{told.rows:,} 行", f"{back} returned"))
    if told.missing:
        out.print(say("还没有交：", "missing: ") + "、".join(each.name for each in told.missing), soft_wrap=True)


def _say(told: "list[tuple[Path, Report | JicengError]]", as_json: bool) -> int:
    refused = [error for _, error in told if isinstance(error, JicengError)]
    if as_json:
        print_json([_plain(path, each) for path, each in told])
    else:
        for path, each in told:
            _show(path, each)
    return max((error.exit_code for error in refused), default=0)


def _plain(path: Path, told: "Report | JicengError") -> dict[str, Any]:
    if isinstance(told, JicengError):
        return {"file": str(path), "refused": told.what, "cure": told.cure}
    return {
        "file": str(path), "form": told.form, "community": told.community, "receipt": told.receipt,
        "is_repeat": told.is_repeat, "rows": told.rows, "rows_new": told.rows_new, "rows_missing": told.rows_missing,
        "counts": dict(told.counts), "lines": list(told.lines), "systems": dict(told.systems),
    }  # fmt: skip


def _show(path: Path, told: "Report | JicengError") -> None:
    from jiceng_pipeline.forms.report import FATES

    if isinstance(told, JicengError):
        out.print(Text("✗", "red"), f"{path.name}  {told.what}", soft_wrap=True)
        out.print(f"    {say('怎么办', 'cure')}  {told.cure}", soft_wrap=True)
        return
    receipt = f"{say('回执号', 'receipt')} {told.receipt or '—'}"
    out.print(Text("✓", "green"), f"{told.title}  {told.community}  {receipt}")
    said = "，".join(f"{words} {told.counts[fate]:,}" for fate, words in FATES.items() if told.counts[fate])
    out.print(
        f"    {said}{say('（与以前交过的文件相同）', ' (read before)') if told.is_repeat else ''}", soft_wrap=True
    )
    for line in told.lines[:_MOST_LINES]:
        out.print(f"    {line}", soft_wrap=True)
    if (more := len(told.lines) - _MOST_LINES) > 0:
        out.print(say(f"    还有 {more} 条，见 --json", f"    {more} more: --json"))
