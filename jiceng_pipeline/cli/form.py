"""`jiceng form`: the list of those that may be sent; make them prefilled, read a new one, count the burden."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from jiceng_pipeline.cli import progress
from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    from jiceng_pipeline.forms.compiler import Compiled

app = typer.Typer(no_args_is_help=True, help=say("一表通：清单、预填、查重", "forms: the list, prefilling, duplicates"))

_AsJson = Annotated[bool, typer.Option("--json", help="JSON")]
_Actor = Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))]
_Form = Annotated[str, typer.Argument(help=say("表单编号或表名", "id or title of the form"))]


@app.command("list", help=say("有哪些表，各在不在清单上", "the forms, and whether they may be sent"))
def show_list(as_json: _AsJson = False) -> None:
    """Print every form and how it stands on the list."""
    from jiceng_pipeline.forms import admission
    from jiceng_pipeline.forms.definition import PERIODS

    found = admission.listed(Settings.load())
    if as_json:
        print_json(
            [
                {
                    "form": each.form.id, "title": each.form.title, "owner": each.form.owner,
                    "period": each.form.period, "state": each.state, "until": each.until,
                    "columns": len(each.form.columns), "asked": len(each.form.asked),
                }
                for each in found
            ]
        )  # fmt: skip
        return
    table = Table(title=say(f"表单 {len(found)} 张", f"{len(found)} forms"), title_justify="left")
    for name in (say("编号", "id"), say("表名", "title"), say("要表单位", "owner"), say("填报期", "period")):
        table.add_column(name)
    table.add_column(say("要填/共有", "asked/all"), justify="right")
    table.add_column(say("清单", "list"))
    for each in found:
        state = admission.STATES[each.state] + (f" {each.until}" if each.state == "admitted" else "")
        asked = f"{len(each.form.asked)}/{len(each.form.columns)}"
        table.add_row(each.form.id, each.form.title, each.form.owner, PERIODS[each.form.period], asked, state)
    out.print(table)


@app.command(help=say("看一张表：每一项从哪里来", "one form: where each column comes from"))
def show(form: _Form, as_json: _AsJson = False) -> None:
    """Print the columns of a form, who holds each, and what has to be filled."""
    from jiceng_pipeline.departments.contract import contracts
    from jiceng_pipeline.forms import definition
    from jiceng_pipeline.forms.lint import held_by

    found = definition.find(form)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    out.print(Text.assemble((found.title, "bold"), f"（{found.id}）"))
    out.print(f"{found.owner} · {found.legal_basis}")
    table = Table()
    for name in (say("项目", "column"), say("数据元", "element"), say("来源", "source"), say("社区", "community")):
        table.add_column(name)
    for each in found.columns:
        if each.element in found.rows.derives:
            source = say("本库得出", "derived")
        else:
            source = "、".join(contracts()[name].title for name in held_by(each.element)) or say("没有", "nobody")
        table.add_row(
            each.heading, each.element, source, say("填写", "fills") if each.asked else say("预填", "prefilled")
        )
    out.print(table)


@app.command(help=say("给社区做预填好的表", "make prefilled workbooks"))
def make(
    form: Annotated[str, typer.Argument(help=say("表单编号或表名；不写就是清单上的全部", "id; all on the list"))] = "",
    community: Annotated[str, typer.Option(help=say("社区的代码或名称", "code or name of the community"))] = "",
    every: Annotated[bool, typer.Option("--all", help=say("所有社区", "every community"))] = False,
    scope: Annotated[str, typer.Option(help=say("只做这个区划的社区", "communities of this division"))] = "*",
    profile: Annotated[str, typer.Option(help=say("full 完整（默认）或 check 遮盖", "full or check"))] = "full",
    purpose: Annotated[str, typer.Option(help=say("用途；不写就是表单写明的用途", "purpose"))] = "",
    actor: _Actor = "operator",
    to: Annotated[Path | None, typer.Option(help=say("放到哪个文件夹", "folder to write to"))] = None,
    as_json: _AsJson = False,
) -> None:
    """Check the list and the grant, write the audit, then write the files and print where they lie."""
    from jiceng_pipeline.forms import admission, prefill

    settings, stated = Settings.load(), purpose or None
    if every == bool(community):
        raise UsageError("写一个社区，或者用 --all", where="jiceng form make", cure="例如 --community 320613005001")
    if every:
        wanted = [form] if form else None
        with progress.shown(say("做表", "make the forms")):
            made = prefill.make_all(
                settings, actor=actor, wanted=wanted, scope=scope, profile=profile, purpose=stated, folder=to
            )
    else:
        names = [form] if form else [each.form.id for each in admission.listed(settings) if each.state == "admitted"]
        made = [
            prefill.make(
                settings, actor=actor, form=name, community=community, profile=profile, purpose=stated, folder=to
            )
            for name in names
        ]
    if as_json:
        print_json(
            [
                {"form": m.form, "community": m.community, "file": str(m.path), "rows": m.rows, "receipt": m.receipt}
                for m in made
            ]
        )
    elif every:
        out.print(say(f"{len(made):,} 个文件，{sum(each.rows for each in made):,} 行", f"{len(made):,} files"))
    else:
        for each in made:
            out.print(f"{each.path}  {each.rows:,} {say('行', 'rows')}", soft_wrap=True)


@app.command(help=say("把一张表列入年度清单，或一事一报", "put a form on the list"))
def admit(
    form: Annotated[str, typer.Argument(help=say("表单编号或表名；不写要加 --all", "id or title of the form"))] = "",
    every: Annotated[bool, typer.Option("--all", help=say("所有还没列入的表", "every form not on it"))] = False,
    until: Annotated[str, typer.Option(help=say("一事一报：到哪天为止", "for once, until this day"))] = "",
    reason: Annotated[str, typer.Option(help=say("事由", "why"))] = "",
    withdraw: Annotated[bool, typer.Option(help=say("移出清单", "take it off the list"))] = False,
    actor: _Actor = "operator",
) -> None:
    """Run the lint, then write into the ledger that the form may be sent."""
    from jiceng_pipeline.forms import admission, definition

    if every == bool(form) or (every and withdraw):
        raise UsageError("写一张表，或者用 --all", where="jiceng form admit", cure="例如 jiceng form admit --all")
    settings = Settings.load()
    if every:
        events = admission.admit_all(settings, actor, until=_day(until), reason=reason)
        out.print(say(f"列入清单 {len(events)} 张表", f"{len(events)} forms put on the list"))
        return
    found = definition.find(form)
    if withdraw:
        event = admission.withdraw(settings, found, actor, reason)
    else:
        event = admission.admit(settings, found, actor, until=_day(until), reason=reason)
    out.print(say(f"已记入，回执号 {event.receipt}", f"recorded, receipt {event.receipt}"), soft_wrap=True)


@app.command(help=say("检查表单定义：重复采集、与别的表雷同", "what speaks against the forms"))
def lint(
    file: Annotated[Path | None, typer.Argument(help=say("表单定义；不写就是全部", "definition; all"))] = None,
    as_json: _AsJson = False,
) -> None:
    """Print what speaks against the forms; exit 2 where anything does."""
    from jiceng_pipeline.forms import definition, lint

    wanted = [definition.read(file)] if file else list(definition.forms().values())
    found = [complaint for form in wanted for complaint in lint.lint(form)]
    if as_json:
        print_json([{"form": each.form, "what": each.what, "cure": each.cure} for each in found])
    else:
        for each in found:
            out.print(Text(each.form, "red"), f"{each.what}\n  {each.cure}", soft_wrap=True)
        if not found:
            out.print(say(f"{len(wanted)} 张表没有问题", f"{len(wanted)} forms are well"))
    if found:
        raise typer.Exit(2)


@app.command("compile", help=say("读一张空白的部门表，看每一项有没有现成的", "read a blank form, column by column"))
def compile_blank(
    file: Annotated[Path, typer.Argument(help=say("空白的 xlsx", "the blank workbook"))], as_json: _AsJson = False
) -> None:
    """Print for each column of a blank workbook its element, how sure that is, and whether it is held already."""
    from jiceng_pipeline.forms import compiler

    found = compiler.compile_file(Settings.load(), file)
    if as_json:
        print_json(found.as_dict())
    else:
        _told(found)


def _told(found: "Compiled") -> None:
    from jiceng_pipeline.forms.verdict import VERDICTS

    table = Table(title=found.title, title_justify="left")
    for name in (say("项目", "column"), say("数据元", "element"), say("把握", "sure"), say("结论", "verdict")):
        table.add_column(name)
    table.add_column(say("依据", "because"))
    for each in found.columns:
        sure = f"{each.match.confidence:.0%}" if each.match else ""
        table.add_row(each.heading, each.match.element if each.match else "", sure, VERDICTS[each.verdict], each.words)
    out.print(table)
    out.print(say(f"重复负担 {found.score} 分（满分 100）", f"burden of duplicates {found.score} of 100"))
    for form, share in found.alike[:3]:
        out.print(say(f"与《{form}》有 {share:.0%} 的项目相同", f"{share:.0%} as {form}"))


@app.command(help=say("各社区、各部门的填表负担", "what filling forms costs, and what prefilling saves"))
def burden(
    community: Annotated[str, typer.Option(help=say("只看一个社区", "one community"))] = "", as_json: _AsJson = False
) -> None:
    """Print per department the cells asked, prefilled, to verify, typed and asked again, and the minutes saved."""
    from jiceng_pipeline.forms import burden

    settings = Settings.load()
    found = burden.by_department(settings, community or None)
    if as_json:
        print_json([each.as_dict() for each in found])
        return
    table = Table(title=say("填表负担（按部门，重复采集多的在前）", "burden by department"), title_justify="left")
    heads = ("部门", "表", "格数", "预填", "待核实", "要填", "重复采集", "节省（小时）")
    for number, name in enumerate(heads):
        table.add_column(name, justify="right" if number else "left")
    for each in found:
        figures = (each.forms, each.cells, each.prefilled, each.to_verify, each.to_fill, each.asked_again)
        table.add_row(each.department, *(f"{figure:,}" for figure in figures), f"{each.minutes_saved / 60:,.0f}")
    out.print(table)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError("不是日期", where="--until", cure="写成 2026-12-31 这样") from None
