"""`jiceng report`: the monthly quality report of every department system, as a page and a workbook."""

from datetime import date
from typing import Annotated

import typer

from jiceng_pipeline.cli.words import out, print_json, say
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings

_EARLIEST = date(2000, 1, 1)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=say("写出各系统的月度质量报告", "monthly quality reports"))(report)


def report(
    system: Annotated[str, typer.Option(help=say("只写一个系统：部门/系统", "one system only"))] = "",
    month: Annotated[str, typer.Option(help=say("哪个月，如 2026-11（默认本月）", "month"))] = "",
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """Write the reports and print where they lie."""
    from jiceng_pipeline.core import clock
    from jiceng_pipeline.departments.contract import contracts
    from jiceng_pipeline.quality import history
    from jiceng_pipeline.quality.pages import site

    settings = Settings.load()
    if system and system not in contracts():
        raise UsageError(f"没有系统 {system}", where="--system", cure=f"可用：{'、'.join(contracts())}")
    today = clock.business_date(settings)
    when = _first(month, today) if month else today
    written = site.write_reports(settings, history.read(settings), when, [system] if system else None)
    if as_json:
        print_json([str(path) for path in written])
    else:
        for path in written:
            out.print(str(path), soft_wrap=True)


def _first(month: str, today: date) -> date:
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise UsageError("不是月份", where="--month", cure="写成 2026-11 这样") from None
    if not _EARLIEST <= first <= today:
        raise UsageError("没有这个月的报告", where="--month", cure=f"从 {_EARLIEST:%Y-%m} 到 {today:%Y-%m}")
    return first
