"""`jiceng evaluate`: accuracy of the published version against the simulated city's hidden truth."""

from typing import Annotated, Any

import typer
from rich.table import Table

from jiceng_pipeline.cli.words import out, print_json, say
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=say("对照模拟城市的真相，看归并准不准", "accuracy against the simulated truth"))(evaluate)


def evaluate(as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False) -> None:
    """Print precision, recall and F1 in record pairs per entity."""
    scores = measure(Settings.load())
    if as_json:
        print_json(scores)
    else:
        show(scores)


def measure(settings: Settings) -> dict[str, Any]:
    """Return entity → precision, recall, f1, and how hard the data is; the only reader of the truth."""
    from jiceng_pipeline.matching import evaluation
    from jiceng_pipeline.simulation.truth import truth
    from jiceng_pipeline.warehouse import publish
    from jiceng_pipeline.warehouse.connection import connect

    version = publish.current(settings)
    if version is None:
        raise UsageError("还没有发布过版本", where=str(settings.published), cure="先运行 jiceng run")
    with connect(settings=settings, attach={"published": version.database}) as connection:
        connection.execute("use published")
        return {
            **evaluation.evaluate(connection, settings, truth(settings)),
            "exact_id_only": evaluation.exact_id_only(connection),
            "valid_ids_merged": evaluation.valid_ids_merged(connection),
        }


def show(scores: dict[str, Any]) -> None:
    """Print the scores as a table."""
    table = Table(title=say("归并准确度（记录对）", "accuracy in record pairs"), title_justify="left")
    table.add_column("")
    for column in (say("精确率", "precision"), say("召回率", "recall"), "F1"):
        table.add_column(column, justify="right")
    names = {
        "resident": say("人员", "residents"),
        "household": say("户", "households"),
        "enterprise": say("市场主体", "enterprises"),
        "exact_id_only": say("（只按证号归并的人员）", "(residents by exact id alone)"),
    }
    for key, name in names.items():
        table.add_row(name, *(f"{scores[key][part]:.4f}" for part in ("precision", "recall", "f1")))
    out.print(table)
    out.print(
        say(
            f"把两个不同有效证号并成一人的：{scores['valid_ids_merged']}",
            f"residents with two different valid ids: {scores['valid_ids_merged']}",
        )
    )
