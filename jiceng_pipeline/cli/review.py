"""`jiceng review`: the pairs of records a person should look at, those first whose answer changes most."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    from jiceng_pipeline.matching.review import Question


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=say("待核对的记录对，判定后变动大的在前", "pairs to look at, those first that change most"))(
        review
    )


def review(
    entity: Annotated[
        Literal["resident", "enterprise"], typer.Option(help=say("对象的种类", "kind of entity"))
    ] = "resident",
    limit: Annotated[int, typer.Option(min=1, help=say("最多列几对", "at most so many"))] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """Print rank, reason, gain and the two records with their systems; no values."""
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.matching.review import open_review
    from jiceng_pipeline.warehouse import publish
    from jiceng_pipeline.warehouse.connection import connect

    settings = Settings.load()
    version = publish.find(settings)
    with (
        connect(version.database, settings=settings, read_only=True) as connection,
        open_ledger(settings) as ledger,
    ):
        found = open_review(connection, settings, ledger, entity, limit)
    if as_json:
        print_json([{"rank": rank, **asdict(each)} for rank, each in enumerate(found, 1)])
    else:
        _show(found)


def _show(found: "list[Question]") -> None:
    reasons = {
        "borrowed": say("借用证号", "borrowed number"),
        "ambiguous": say("指向不明", "ambiguous"),
        "possible": say("可能是同一对象", "possibly one"),
    }
    table = Table(
        title=say(f"待核对 {len(found)} 对", f"{len(found)} pairs to look at"),
        title_justify="left",
        caption=say(
            "先看：jiceng explain 记录 记录；再判定：jiceng decide same|different|unsure 记录 记录 --reason 理由",
            "look: jiceng explain A B; then: jiceng decide same|different|unsure A B --reason why",
        ),
    )
    table.add_column(say("次序", "rank"), justify="right")
    table.add_column(say("原因", "reason"))
    table.add_column(say("变动", "gain"), justify="right")
    table.add_column(say("比特", "bits"), justify="right")
    table.add_column(say("记录", "records"), min_width=32)
    table.add_column(say("系统", "systems"))
    for rank, each in enumerate(found, 1):
        bits = "—" if each.weight_bits is None else f"{each.weight_bits:+.2f}"
        records, systems = f"{each.record_id}\n{each.other_record_id}", f"{each.system}\n{each.other_system}"
        table.add_row(str(rank), reasons[each.reason], f"{each.gain:,}", bits, records, systems)
    out.print(table)
