"""`jiceng explain A B`: why two records are, or are not, one, as a waterfall of weights with words."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings

_BAR_BITS = 1.0  # bits a block of the bar stands for


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=say("说明两条记录为什么是（不是）同一对象", "why two records are, or are not, one"))(explain)


def explain(
    one: Annotated[str, typer.Argument(help="record_id")],
    other: Annotated[str, typer.Argument(help="record_id")],
    page: Annotated[
        Path | None,
        typer.Option(help=say("另写一张网页（瀑布图）到这个文件", "write a page with the waterfall to this file")),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """Print each comparison, what it found and what it weighs; no value of a record is shown."""
    from jiceng_pipeline.matching import explanation
    from jiceng_pipeline.warehouse import publish
    from jiceng_pipeline.warehouse.connection import connect

    settings = Settings.load()
    version = publish.current(settings)
    if version is None:
        raise UsageError("还没有发布过版本", where=str(settings.published), cure="先运行 jiceng run")
    with connect(version.database, settings=settings, read_only=True) as connection:
        found = explanation.explain(connection, settings, one, other)
    if page:
        page.write_text(_page(found), "utf-8")
    if as_json:
        print_json({**asdict(found), "bits": found.bits, "is_one": found.is_one})
    else:
        _show(found)


def _page(found: Any) -> str:
    from jiceng_pipeline.departments.contract import systems
    from jiceng_pipeline.matching import waterfall
    from jiceng_pipeline.quality.pages import document
    from jiceng_pipeline.quality.pages.document import Html

    steps = [(step.title, step.words, f"{step.bits:+.2f}") for step in found.steps]
    sides = [(side.record_id, systems()[side.system].title, side.entity_id) for side in found.sides]
    told = "现归于同一对象" if found.is_one else "现归于两个对象"
    decided = {"same": "人工判定为同一对象", "different": "人工判定为不是同一对象"}.get(found.decided)
    return document.page(
        "两条记录为什么是（不是）同一对象",
        (
            document.paragraph("。".join(filter(None, (told, decided))) + "。"),
            document.paragraph(
                "向右的实心条支持是同一对象，向左的斜纹条反对；单位比特，每一比特可能性翻一番。"
                "到归并线、并且明显高于第二相近的对象，才归并。这一页只写比对的结果，不写记录里的值。"
            ),
            Html(f"<figure>{waterfall.svg(found)}</figure>"),
            document.table("逐项数字", ("比对", "结果", "比特"), steps),
            document.table("两条记录", ("记录", "系统", "现归于"), sides),
        ),
    )


def _show(found: Any) -> None:
    table = Table(
        title=say("两条记录逐项比对", "two records compared"),
        title_justify="left",
        caption=say("正数支持是同一对象，负数反对；单位比特", "bits; above zero speaks for one entity"),
    )
    table.add_column(say("比对", "compared"))
    table.add_column(say("结果", "found"))
    table.add_column(say("比特", "bits"), justify="right")
    table.add_column("")
    for step in found.steps:
        mark = "█" * round(abs(step.bits) / _BAR_BITS)
        table.add_row(step.title, step.words, f"{step.bits:+.2f}", f"[{'green' if step.bits > 0 else 'red'}]{mark}[/]")
    table.add_row(
        say("合计", "sum"), say(f"归并需要 {found.link}", f"a link needs {found.link}"), f"{found.bits:+.2f}", ""
    )
    out.print(table)
    for side in found.sides:
        out.print(f"{side.record_id}  {side.system}  →  {side.entity_id}（{side.method}）")
    if found.decided:
        out.print(say(f"人工判定：{found.decided}", f"a person decided: {found.decided}"))
    out.print(
        say("现归于同一对象。", "They are one entity.")
        if found.is_one
        else say("现归于两个对象。", "They are two entities.")
    )
