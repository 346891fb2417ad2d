"""`jiceng service`: where a service is given, what to bring, where it is lacking, where one more point would help."""

from datetime import MAXYEAR, MINYEAR, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings

app = typer.Typer(
    name="service",
    no_args_is_help=True,
    help=say("一刻钟服务圈：去哪里办、带什么、哪里够不着", "where services are given, and where they are lacking"),
)

Actor = Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))]
AsJson = Annotated[bool, typer.Option("--json", help="JSON")]
Wanted = Annotated[str, typer.Option("--item", help=say("事项的代码或名称", "item"))]
Scope = Annotated[str, typer.Option(help=say("社区、镇街、区县的代码或名称", "division"))]
At = Annotated[str, typer.Option(help=say("什么时候去，如 2026-11-29T10:00；不写为现在", "when, ISO 8601"))]


@app.command("where", help=say("我在某社区，办某事：去哪里、走多久、带什么", "where to go, how long, what to bring"))
def where(
    community: Annotated[str, typer.Option(help=say("村（社区）的代码或名称", "community"))],
    item: Wanted,
    at: At = "",
    resident: Annotated[str, typer.Option(help=say("替谁办：人员标识", "for whom: resident_id"))] = "",
    consent: Annotated[str, typer.Option(help=say("本人怎样同意的，记入审计", "who agreed, for the audit"))] = "",
    actor: Actor = "operator",
    to: Annotated[Path | None, typer.Option(help=say("打印成一页大字版 PDF", "print to a PDF"))] = None,
    as_json: AsJson = False,
) -> None:
    """Answer on one screen, or on one sheet of paper."""
    from jiceng_pipeline.services import desk, sheet

    told = desk.ask(
        Settings.load(),
        actor,
        community,
        item,
        _moment(at),
        resident_id=resident or None,
        consent=consent or None,
        only_open=bool(at),
    )
    if to is not None:
        size = sheet.write(told, to)
        out.print(f"{to}  {say(f'{size} 磅字', f'{size} pt')}", soft_wrap=True)
    if as_json:
        print_json(_answer(told))
        return
    if to is None:
        out.print(f"{say('我在', '')}{told.community.name}，{say('办', '')}{told.item.name}", style="bold")
        if told.note:
            out.print(told.note)
        for stop in told.stops:
            way = (
                say("说不出走多久", "?")
                if stop.minutes is None
                else say(f"走 {stop.minutes} 分钟", f"{stop.minutes} min")
            )
            now = say("开着", "open") if stop.is_open else say(f"下次开门 {sheet.when(stop.opens)}", f"{stop.opens}")
            out.print(f"  {stop.name}（{stop.grade}） {way}  {stop.hours}  {now}", soft_wrap=True)
        for label, needs in ((say("要带", "bring"), told.brought), (say("不用带", "not needed"), told.spared)):
            out.print(f"{label}：{'、'.join(need.name for need in needs) or say('没有', 'nothing')}", soft_wrap=True)
        out.print(say(f"{told.item.time_limit_days} 个工作日办好", f"{told.item.time_limit_days} working days"))


@app.command("list", help=say("现在办的事项", "items in force"))
def listed(as_json: AsJson = False) -> None:
    """List the items in force, and those withdrawn within a month."""
    from jiceng_pipeline.services import catalogue
    from jiceng_pipeline.services.item import GRADES

    settings = Settings.load()
    items, ended = catalogue.items(settings), catalogue.withdrawn(settings)
    if as_json:
        print_json({"items": [each.model_dump(mode="json") for each in items.values()],
                    "withdrawn": [{"id": each.id, "until": each.valid_until} for each in ended]})  # fmt: skip
        return
    table = Table()
    for title in (say("编码", "code"), say("事项", "item"), "id", say("部门", "owner"), say("镇街", "township"),
                  say("村社区", "village"), say("工作日", "days")):  # fmt: skip
        table.add_column(title)
    for each in items.values():
        grades = [
            GRADES[each.places[kind]] if kind in each.places else "—" for kind in ("township_hall", "village_station")
        ]
        table.add_row(each.code, each.name, each.id, each.department, *grades, str(each.time_limit_days))
    out.print(table)
    for each in ended:
        out.print(say(f"{each.name} 已于 {each.valid_until} 停办", f"{each.name} ended on {each.valid_until}"))


@app.command("show", help=say("一个事项的全部内容", "one item in full"))
def show(item: Annotated[str, typer.Argument(help=say("代码或名称", "item"))], as_json: AsJson = False) -> None:
    """Show one item: basis, who may apply, materials with who holds them, where."""
    from jiceng_pipeline.services import catalogue, material
    from jiceng_pipeline.services.item import GRADES
    from jiceng_pipeline.standard.code_sets import code_sets

    settings = Settings.load()
    found = catalogue.find(settings, item)
    changed = [each for each in catalogue.differences(settings) if each.item == found.id]
    if as_json:
        print_json({**found.model_dump(mode="json"), "differences": [vars(each) for each in changed]})
        return
    out.print(Text(found.name, "bold"), f" {found.code}  {say('第', 'v')}{found.version}{say('版', '')}")
    out.print(f"{found.department}  {found.legal_basis}", soft_wrap=True)
    out.print(f"{say('谁能办', 'who')}：{found.audience}", soft_wrap=True)
    kinds = dict(zip(("county_hall", "township_hall", "village_station", "bank", "post_office"),
                     code_sets()["service_point_kind"].values(), strict=True))  # fmt: skip
    for kind, grade in found.places.items():
        out.print(f"  {kinds[kind]}：{GRADES[grade]}")
    for need in material.of_anybody(found):
        held = f"{say('免交', 'held by')} {'、'.join(need.holders)}" if not need.is_brought else need.why
        out.print(f"  {need.name}  {held}", soft_wrap=True)
    for each in changed:
        out.print(f"  {each.field}：{each.before} → {each.now}", soft_wrap=True)


@app.command("gaps", help=say("哪里的人一刻钟走不到", "where people are too far"))
def gaps(
    scope: Scope,
    item: Annotated[str, typer.Option(help=say("只看一个事项", "one item only"))] = "",
    on: Annotated[str, typer.Option(help=say("哪一天开门的才算，如 2026-11-29", "open on this day"))] = "",
    least: Annotated[float, typer.Option(help=say("低于这个比例算够不着", "share that counts as enough"))] = 0.8,
    limit: Annotated[int, typer.Option(min=0, help=say("最多列多少行", "rows at most"))] = 30,
    actor: Actor = "operator",
    as_json: AsJson = False,
) -> None:
    """List communities and items with the most people out of reach, and the shares by how people walk."""
    from jiceng_pipeline.services import catalogue, coverage, desk, walking
    from jiceng_pipeline.services.point import When

    settings = Settings.load()
    wanted = [catalogue.find(settings, item)] if item else []
    when = When(day=_moment(on).date()) if on else When()
    told = desk.survey(settings, actor, scope, wanted, when)
    found, sums = coverage.gaps(told.shares, least), coverage.total(told.shares)
    if as_json:
        print_json({"gaps": [_share(each) for each in found], "by_profile": [_share(each) for each in sums]})
        return
    names, profiles = catalogue.items(settings), walking.walking(settings).profiles
    table = Table()
    for title in (say("社区", "community"), say("事项", "item"), say("谁", "who"), say("人数", "people"),
                  say("一刻钟内", "within"), say("比例", "share")):  # fmt: skip
        table.add_column(title)
    for each in found[:limit]:
        table.add_row(each.area_code, names[each.item].name, profiles[each.profile].title, str(each.people),
                      str(each.within), f"{each.share or 0:.0%}")  # fmt: skip
    out.print(table)
    if len(found) > limit:
        out.print(say(f"还有 {len(found) - limit} 行", f"{len(found) - limit} more"))
    if item:
        for each in sums:
            near = say("算不出", "?") if each.share is None else f"{each.share:.0%}"
            out.print(f"{profiles[each.profile].title}：{near}  {each.note}", soft_wrap=True)
    hidden = sum(each.people is None or each.within is None for each in told.shares)
    out.print(say(f"{hidden} 格人数太少，不列", f"{hidden} cells withheld"))


@app.command("suggest", help=say("再设一个点，设在哪里帮到的人最多", "where one more point helps most"))
def suggest(
    scope: Scope,
    item: Wanted,
    count: Annotated[int, typer.Option(min=1, max=20, help=say("设几个", "how many"))] = 5,
    actor: Actor = "operator",
    as_json: AsJson = False,
) -> None:
    """Rank places by how many more people they bring near, with the share of the best that this surely is."""
    from jiceng_pipeline.services import desk

    plan = desk.suggest(Settings.load(), actor, scope, item, count)
    if as_json:
        print_json({**vars(plan), "suggestions": [vars(each) for each in plan.suggestions]})
        return
    if plan.people is None:
        out.print(say("现在走不到的不足 8 人", "fewer than eight people are too far"))
    else:
        out.print(say(f"现在走不到的约 {plan.people:,} 人", f"{plan.people:,} people are too far"))
    for each in plan.suggestions:
        out.print(f"  {each.step}. {each.community_code}  {each.longitude:.3f},{each.latitude:.3f}  +{each.gained:,}")
    out.print(say(f"不低于最好选法的 {plan.share_of_best:.0%}", f"at least {plan.share_of_best:.0%} of the best"))


@app.command("townships", help=say("每个镇街办多少事项、怎样办", "how many items each township handles"))
def townships(scope: Scope, actor: Actor = "operator", as_json: AsJson = False) -> None:
    """Count the items of each township by how they are handled there, and name those listed without a desk."""
    from jiceng_pipeline.services import desk
    from jiceng_pipeline.services.item import GRADES

    found = desk.townships(Settings.load(), actor, scope)
    if as_json:
        print_json([vars(each) for each in found])
        return
    for each in found:
        told = "  ".join(f"{title} {each.grades.get(grade, 0)}" for grade, title in GRADES.items())
        lacking = say("没有窗口", "no desk")
        out.print(f"{each.township_code}  {told}  {lacking} {len(each.without_desk)}", soft_wrap=True)


@app.command("export", help=say("导出一个地方的办事清单：事项、网点、材料", "write the items of a region to a file"))
def export(
    scope: Scope,
    to: Annotated[Path, typer.Option(help=say("写到哪个文件：.xlsx 或 .json", "file, .xlsx or .json"))],
    actor: Actor = "operator",
) -> None:
    """Write every item with its places and materials."""
    from jiceng_pipeline.core import files
    from jiceng_pipeline.services import desk, listing

    if to.suffix not in {".xlsx", ".json"}:
        raise UsageError("只能写成 xlsx 或 json", where=to.name, cure="文件名以 .xlsx 或 .json 结尾")
    found = desk.listed(Settings.load(), actor, scope)
    if to.suffix == ".json":
        files.write_json(to, listing.plain(found))
    else:
        with files.storage(to):
            to.parent.mkdir(parents=True, exist_ok=True)
        with files.new_file(to) as draft:
            draft.write_bytes(listing.workbook(found))
    out.print(f"{to}  {len(found.entries)} {say('项', 'items')}", soft_wrap=True)


@app.command("circle", help=say("画一个社区的服务圈（SVG，没有底图）", "draw a community's circle as SVG"))
def circle(
    community: Annotated[str, typer.Option(help=say("村（社区）的代码或名称", "community"))],
    to: Annotated[Path, typer.Option(help=say("写到哪个文件", "file"))],
    actor: Actor = "operator",
) -> None:
    """Write the drawing."""
    from jiceng_pipeline.core import files
    from jiceng_pipeline.services import desk

    drawn = desk.draw(Settings.load(), actor, community)
    files.write_text(to, drawn.svg())
    out.print(str(to), soft_wrap=True)


def _moment(text: str) -> datetime:
    """Return the instant a text names, in Beijing; now where it is empty."""
    if not text:
        return clock.now()
    try:
        moment = datetime.fromisoformat(text)
        if not MINYEAR < moment.year < MAXYEAR:  # a day before and a month after have to be days as well
            raise ValueError
    except ValueError:
        raise UsageError("不是日期或时间", where=text, cure="写成 2026-11-29 或 2026-11-29T10:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.LOCAL)


def _share(each: "object") -> dict[str, object]:
    return {**vars(each), "share": getattr(each, "share", None)}


def _answer(told: "object") -> dict[str, object]:
    fields = vars(told)
    return {
        "community": fields["community"].code,
        "item": fields["item"].id,
        "stops": [vars(each) for each in fields["stops"]],
        "needs": [vars(each) for each in fields["needs"]],
        "time_limit_days": fields["item"].time_limit_days,
        "profile": fields["profile"].title,
        "qualifies": fields["qualifies"],
        "note": fields["note"],
        "receipt": fields["receipt"],
    }
