"""`jiceng evaluate`: accuracy of the published version against the simulated city's hidden truth."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich import box

from jiceng_pipeline.cli import progress
from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=say("对照模拟城市的真相，看归并准不准", "accuracy against the simulated truth"))(evaluate)


def evaluate(as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False) -> None:
    """Print precision, recall and F1 in record pairs per entity."""
    with progress.shown(say("对照", "evaluate")):
        scores = measure(Settings.load())
    if as_json:
        print_json(scores)
    else:
        show(scores)


def measure(settings: Settings) -> dict[str, Any]:
    """Return entity → figures of accuracy, shares per kind of error and per system, and how hard the data is."""
    from jiceng_pipeline.matching import evaluation, hardness
    from jiceng_pipeline.simulation import error_model
    from jiceng_pipeline.simulation.truth import truth
    from jiceng_pipeline.warehouse import publish
    from jiceng_pipeline.warehouse.connection import connect

    version = publish.current(settings)
    if version is None:
        raise UsageError("还没有发布过版本", where=str(settings.published), cure="先运行 jiceng run")
    with connect(settings=settings, attach={"published": version.database}) as connection:
        connection.execute("use published")
        at, model = truth(settings), error_model.of_city(settings)
        hard = hardness.hardness(connection, settings, at)
        floor = hardness.FLOORS.get(model.profile)
        found = evaluation.evaluate(connection, settings, at)
        by_error = evaluation.by_error(connection, settings, at)
        unknown = evaluation.UNKNOWN_ERROR
        return {
            "error_model": asdict(model),
            "hardness": asdict(hard) | {"too_easy": list(floor.lacking(hard)) if floor else []},
            **found,
            "by_error": by_error,
            "unknown_error": {"kind": unknown, **by_error.get(unknown, {"records": 0, "found": None})},
            "by_system": evaluation.by_system(connection),
            "valid_ids_merged": evaluation.valid_ids_merged(connection),
        }


def show(scores: dict[str, Any]) -> None:
    """Print the scores as tables."""
    columns = {
        "precision": say("精确率", "prec."),
        "recall": say("召回率", "recall"),
        "f1": "F1",
        "b3_f1": "B³ F1",
        "residual_f1": say("无证号F1", "resid.F1"),
        "over_merged": say("误并", "over"),
        "split": say("漏并", "split"),
    }
    title = say("归并准确度（记录对）", "accuracy in record pairs")
    # it has to fit into eighty characters
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False)
    table.add_column("", no_wrap=True)
    for heading in columns.values():
        table.add_column(heading, justify="right", no_wrap=True)
    names = {
        "resident": say("人员", "residents"),
        "household": say("户", "households"),
        "enterprise": say("市场主体", "enterprises"),
    }
    for key, name in names.items():
        table.add_row(name, *(_cell(scores[key].get(part)) for part in columns))
    out.print(table)
    for key, title in (
        ("by_system", say("各系统记录归并正确的比例", "records placed right, per system")),
        ("by_error", say("各种差错的记录归并正确的比例", "records placed right, per kind of error")),
    ):
        out.print(_shares(title, scores[key]))
    _show_hardness(scores)
    _show_unknown(scores["unknown_error"])
    out.print(
        say(
            f"把两个不同有效证号并成一人的：{scores['valid_ids_merged']}",
            f"residents with two different valid ids: {scores['valid_ids_merged']}",
        )
    )


def _show_unknown(told: dict[str, Any]) -> None:
    """Print what became of the kind of error that the matcher was not made for; of a few records nothing is said."""
    if told["found"] is not None:
        kind, right, records = told["kind"], f"{told['found']:.3f}", told["records"]
        out.print(
            say(
                f"归并没有见识过的差错 {kind}：{records} 条中归并正确 {right}",
                f"the kind of error the matcher was not made for, {kind}: {right} of {records} records right",
            )
        )


def _show_hardness(scores: dict[str, Any]) -> None:
    """Print beside the accuracy how hard the data is, and whether it is as hard as its profile promises."""
    hard, model = scores["hardness"], scores["error_model"]
    share, recall, f1 = (hard[part] for part in ("share_without_usable_id", "exact_id_recall", "exact_id_f1"))
    frozen = say("已冻结", "frozen") if model["is_frozen"] else say("未冻结", "not frozen")
    out.print(
        say(
            f"数据难度：{share:.1%} 的记录没有可用证号；只按证号归并，召回率 {recall:.3f}，F1 {f1:.3f}"
            f"（差错模型 {model['profile']} {model['fingerprint']}，{frozen}）",
            f"hardness: {share:.1%} of the records have no usable id; by exact id alone recall {recall:.3f}, "
            f"F1 {f1:.3f} (error model {model['profile']} {model['fingerprint']}, {frozen})",
        )
    )
    if hard["too_easy"]:
        what = ", ".join(hard["too_easy"])
        out.print(say(f"数据太容易，准确度不足为凭：{what}", f"too easy to prove anything: {what}"))


def _cell(value: float | int | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.5f}"


def _shares(title: str, scores: dict[str, dict[str, float]]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in (say("记录", "records"), say("正确", "right")):
        table.add_column(column, justify="right")
    for name, each in scores.items():
        table.add_row(name, str(each["records"]), f"{each['found']:.5f}")
    return table
