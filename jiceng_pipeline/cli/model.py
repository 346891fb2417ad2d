"""`jiceng model list|show|train`: the pinned model versions of matching."""

from typing import Annotated

import typer

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings

app = typer.Typer(no_args_is_help=True, help=say("归并模型版本：查看、重新训练", "model versions of matching"))


@app.command(name="list", help=say("列出固定过的版本", "every version that was pinned"))
def list_versions(as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False) -> None:
    """Print the model events of the ledger, oldest first; the last of an entity is in force."""
    from jiceng_pipeline.ledger import views
    from jiceng_pipeline.ledger.kinds.model import Model
    from jiceng_pipeline.ledger.store import open_ledger

    with open_ledger(Settings.load()) as ledger:
        rows = [
            {
                "seq": e.seq,
                "entity": e.subject,
                "version": e.body.version,
                "at": e.at.isoformat(),
                "reason": e.body.reason,
            }
            for e in views.entries(ledger, Model)
        ]
    if as_json:
        print_json(rows)
        return
    table = Table("#", say("对象", "entity"), say("版本", "version"), say("时间", "at"), say("原因", "reason"))
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    out.print(table)


@app.command(help=say("显示一种对象现用的权重", "the weights in force for one entity"))
def show(
    entity: Annotated[str, typer.Argument(help="resident | enterprise")] = "resident",
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """Print every level of every comparison with its bits."""
    from jiceng_pipeline.matching import versions, words
    from jiceng_pipeline.matching.model import matchings

    settings = Settings.load()
    version = versions.in_force(settings, matchings()[entity]) if entity in matchings() else None
    if version is None:
        raise UsageError(f"{entity} 没有模型版本", where="jiceng model show", cure="先运行 jiceng run")
    if as_json:
        print_json({"entity": entity, "version": version.name, "weights": version.weights})
        return
    matching = matchings()[entity]
    table = Table(title=f"{entity} {version.name}", title_justify="left")
    for column in (say("比对", "compared"), say("结果", "found"), say("比特", "bits")):
        table.add_column(column)
    for comparison, levels in version.weights.items():
        for level, hundredths in sorted(levels.items()):
            if level or comparison == "prior":
                told = words.said(matching, comparison, level)
                table.add_row(words.title(matching, comparison), told, f"{hundredths / 100:+.2f}")
    out.print(table)


@app.command(
    help=say("用当前版本的记录重新训练；下次同步全部重新比对", "train anew; the next sync scores every record anew")
)
def train(
    reason: Annotated[str, typer.Option(help=say("为什么", "why"))],
    entity: Annotated[str, typer.Option(help="resident | enterprise")] = "resident",
    actor: Annotated[str, typer.Option(help=say("谁", "who"))] = "operator",
) -> None:
    """Train on the published records, pin the result, and put it in force."""
    from jiceng_pipeline.matching import training
    from jiceng_pipeline.matching.model import matchings
    from jiceng_pipeline.warehouse import build, publish
    from jiceng_pipeline.warehouse.connection import connect

    settings = Settings.load()
    version = publish.current(settings)
    if version is None or entity not in matchings():
        raise UsageError("没有可以训练的记录", where="jiceng model train", cure="先运行 jiceng run，并写对 --entity")
    with build.lock(settings), connect(version.database, settings=settings, read_only=True) as connection:
        made = training.retrained(connection, settings, matchings()[entity], reason, actor)
    out.print(
        say(f"模型 {made.name} 已固定，下次同步起使用。", f"model {made.name} is in force from the next sync on.")
    )
