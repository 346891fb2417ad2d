"""`jiceng query`: analysts' SQL over the returned datasets of one division, masked and audited."""

from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.settings import Settings

_SHOWN = 200


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("query", help=say("用 SQL 查回流数据（只读、遮盖、记入审计）", "SQL over returned data, masked"))(query)


def query(
    sql: Annotated[str, typer.Argument(help=say("一条 select，如 select count(*) from resident_register", "a select"))],
    purpose: Annotated[str, typer.Option(help=say("用途，记入审计", "purpose, audited"))],
    place: Annotated[str, typer.Option(help=say("区划的代码或名称，* 为全部", "code or name of the division"))] = "*",
    profile: Annotated[str, typer.Option(help=say("check 遮盖（默认）或 full 完整", "check or full"))] = "check",
    actor: Annotated[str, typer.Option("--as", help=say("以谁的名义", "act as"))] = "operator",
    to: Annotated[Path | None, typer.Option(help=say("写到 .csv 或 .parquet", "file to write"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """Check the grants, write the audit, run the select in a closed database and print its rows."""
    from jiceng_pipeline.returns import query as queries

    answer = queries.run(Settings.load(), sql, actor=actor, scope=place, purpose=purpose, profile=profile)
    if to is not None:
        queries.write(answer, to)
        out.print(f"{to}  {len(answer.rows):,} {say('行', 'rows')}", soft_wrap=True)
        return
    if as_json:
        rows = [dict(zip(answer.columns, map(_plain, row), strict=True)) for row in answer.rows]
        print_json({"version": answer.version, "receipts": answer.receipts, "rows": rows})
        return
    table = Table(title=say(f"{len(answer.rows):,} 行", f"{len(answer.rows):,} rows"), title_justify="left")
    for name in answer.columns:
        table.add_column(name)
    for row in answer.rows[:_SHOWN]:
        table.add_row(*("" if value is None else str(value) for value in row))
    out.print(table)


def _plain(value: Any) -> Any:
    """Return a value that JSON has: it knows no infinite number, and none that is not one."""
    return None if isinstance(value, float) and not isfinite(value) else value
