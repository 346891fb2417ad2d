"""`jiceng share`: what there is to ask for, and a request's way from the wish to the grant and back."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    from jiceng_pipeline.exchange.request import Course

app = typer.Typer(
    no_args_is_help=True, help=say("数据共享：目录、申请、审查、答复、收回", "sharing: catalogue and requests")
)

_AsJson = Annotated[bool, typer.Option("--json", help="JSON")]
_Actor = Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))]
_Name = Annotated[str, typer.Argument(help=say("申请编号或开头几位", "request"))]
_Refuse = Annotated[bool, typer.Option("--refuse", help=say("不同意；要写理由", "say no, with a reason"))]
_Reason = Annotated[str, typer.Option(help=say("理由", "reason"))]


@app.command(help=say("列出可以申请的数据", "what there is to ask for"))
def catalogue(as_json: _AsJson = False) -> None:
    """Print the datasets with owner, class, basis, rhythm and quality."""
    from jiceng_pipeline.exchange import sharing

    found = sharing.catalogue(Settings.load())
    if as_json:
        print_json([asdict(each) for each in found])
        return
    table = Table(say("数据集", "dataset"), say("名称", "title"), say("提供方", "owners"), say("共享属性", "class"),
                  say("更新", "frequency"), say("质量", "quality"), show_lines=True)  # fmt: skip
    for each in found:
        score = "" if each.quality is None else f"{each.quality:.1f}"
        told = (each.name, each.title, "、".join(each.owners), sharing.SHARINGS[each.sharing], each.frequency, score)
        table.add_row(*told)
    out.print(table)


@app.command(help=say("申请数据", "ask for data"))
def request(
    dataset: Annotated[str, typer.Argument(help=say("数据集；目录里没有的写名称", "dataset"))],
    scope: Annotated[str, typer.Option(help=say("区划代码或其开头", "division"))],
    purpose: Annotated[str, typer.Option(help=say("用途", "purpose"))],
    basis: Annotated[str, typer.Option(help=say("法定依据", "legal basis"))],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help=say("用到哪一天", "last day"))],
    elements: Annotated[str, typer.Option(help=say("数据项，逗号分开；不写为全部", "elements, by commas"))] = "",
    profile: Annotated[str, typer.Option(help=say("显示方式", "profile"))] = "check",
    owners: Annotated[
        str, typer.Option(help=say("目录里没有的：提供部门，逗号分开", "owners of what is not listed"))
    ] = "",
    actor: _Actor = "operator",
    as_json: _AsJson = False,
) -> None:
    """Submit a request and print its number and who has to act until when."""
    from jiceng_pipeline.exchange import request as requests
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        course = requests.submit(
            settings, ledger, actor, dataset=dataset, scope=scope, purpose=purpose, legal_basis=basis,
            until=until.date(), elements=_listed(elements), profile=profile, owners=_listed(owners),
        )  # fmt: skip
    _tell(course, as_json)


@app.command(help=say("合规审查（两个工作日内）", "check for compliance"))
def check(
    name: _Name, refuse: _Refuse = False, reason: _Reason = "", actor: _Actor = "operator", as_json: _AsJson = False
) -> None:
    """Say whether the request is in order."""
    from jiceng_pipeline.exchange import request as requests
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        course = requests.check(settings, ledger, name, actor, agrees=not refuse, reason=reason)
    _tell(course, as_json)


@app.command(help=say("提供方答复（五个工作日内，未编目的十个）", "answer as an owner"))
def answer(
    name: _Name,
    department: Annotated[str, typer.Option(help=say("以哪个部门答复，如 civil_affairs", "department"))],
    refuse: _Refuse = False,
    reason: _Reason = "",
    actor: _Actor = "operator",
    as_json: _AsJson = False,
) -> None:
    """Agree or refuse for one owner."""
    from jiceng_pipeline.exchange import request as requests
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        course = requests.answer(
            settings, ledger, name, actor, department=department, agrees=not refuse, reason=reason
        )  # fmt: skip
    _tell(course, as_json)


@app.command(help=say("撤回自己的申请", "take one's own request back"))
def withdraw(name: _Name, actor: _Actor = "operator", as_json: _AsJson = False) -> None:
    """Withdraw a request that is not decided."""
    from jiceng_pipeline.exchange import request as requests
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        _tell(requests.withdraw(settings, ledger, name, actor), as_json)


@app.command(help=say("收回授权，并列出已经交付的", "end the grant; what was delivered is listed"))
def revoke(name: _Name, reason: _Reason, actor: _Actor = "operator", as_json: _AsJson = False) -> None:
    """End the grant of a request and print what has been handed over under it."""
    from jiceng_pipeline.exchange import request as requests
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        course, delivered = requests.revoke(settings, ledger, name, actor, reason=reason)
    told = [
        {"batch": each.subject, "at": each.at, "rows": each.body.rows, "fields": each.body.fields} for each in delivered
    ]
    if as_json:
        print_json({**_plain(course), "delivered": told})
        return
    _tell(course, as_json)
    for each in told:
        out.print(f"{each['batch']}  {each['at']:%Y-%m-%d %H:%M}  {each['rows']:,} {say('行', 'rows')}")


@app.command("list", help=say("列出申请，超期的在前", "requests, late ones first"))
def show_list(as_json: _AsJson = False) -> None:
    """Print every request with who has to act until when."""
    from jiceng_pipeline.exchange import request as requests
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        found = sorted(requests.every(settings, ledger), key=lambda course: -course.days_late)
    if as_json:
        print_json([_plain(course) for course in found])
        return
    table = Table(say("编号", "id"), say("申请人", "applicant"), say("数据集", "dataset"), say("状态", "state"),
                  say("等谁", "waits for"), say("期限", "due"), say("升级到", "escalated to"))  # fmt: skip
    for course in found:
        body, late = course.request, f" {say('超期', 'late')} {course.days_late}" if course.days_late else ""
        table.add_row(
            body.request_id, body.applicant, body.dataset, requests.STATES[course.state], "、".join(course.waits_for),
            f"{course.due_date or ''}{late}", course.escalated_to or "", style="red" if late else "",
        )  # fmt: skip
    out.print(table)


@app.command(help=say("一个申请和它的经过", "one request and its course"))
def show(name: _Name, as_json: _AsJson = False) -> None:
    """Print who said what when."""
    from jiceng_pipeline.exchange import request as requests
    from jiceng_pipeline.ledger.store import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        course = requests.find(settings, ledger, name)
    _tell(course, as_json)
    for step in () if as_json else course.steps:
        said = say("同意", "yes") if step.body.agrees else say("不同意", "no")
        words = (f"{step.at:%Y-%m-%d}", step.body.step, step.body.department or "", step.actor, said, step.body.reason)
        out.print("  ".join(filter(None, words)), soft_wrap=True)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _plain(course: "Course") -> dict[str, Any]:
    return {
        **course.request.model_dump(mode="json"), "state": course.state, "waits_for": course.waits_for,
        "due_date": course.due_date, "days_late": course.days_late, "escalated_to": course.escalated_to,
        "grant": course.grant,
        "steps": [{**step.body.model_dump(mode="json"), "by": step.actor, "at": step.at} for step in course.steps],
    }  # fmt: skip


def _tell(course: "Course", as_json: bool) -> None:
    from jiceng_pipeline.exchange.request import STATES

    if as_json:
        print_json(_plain(course))
        return
    waiting = f"：{'、'.join(course.waits_for)}，{say('期限', 'due')} {course.due_date}" if course.waits_for else ""
    out.print(f"{course.request.request_id}  {STATES[course.state]}{waiting}", soft_wrap=True)
