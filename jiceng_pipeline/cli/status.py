"""`jiceng status`: what the published version holds, and how the last sync went."""

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any

import typer
from rich import box
from rich.text import Text

from jiceng_pipeline.cli.words import Table, out, print_json, say
from jiceng_pipeline.core.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=say("看当前版本和最近一次同步", "the current version and the last sync"))(status)


def status(
    tickets: Annotated[bool, typer.Option(help=say("列出全部问题单", "list every ticket"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """Print the current version: systems, entities, checks, returned datasets, open tickets."""
    settings = Settings.load()
    state = read(settings)
    if as_json:
        print_json(state)
        return
    show(state)
    if tickets and state["last_sync"]:
        from jiceng_pipeline.cli.sync import show_tickets

        show_tickets(state["last_sync"]["tickets"], most=sys.maxsize)


def read(settings: Settings) -> dict[str, Any]:
    """Return the published version as counts; everything zero before the first."""
    from jiceng_pipeline.warehouse import publish
    from jiceng_pipeline.warehouse.connection import connect

    version = publish.current(settings)
    state: dict[str, Any] = {
        "version": version.name if version else None,
        "systems": {},
        "entities": {"resident": 0, "household": 0, "enterprise": 0},
        "checks": {"passed": 0, "warned": 0, "failed": 0},
        "returned": {},
        "last_sync": last_report(settings),
    }
    if version is None:
        return state
    with connect(version.database, settings=settings, read_only=True) as connection:
        for system, pulled, accepted, quarantined, cells in connection.execute(
            "select system, rows_in, rows_accepted, rows_quarantined, cells_quarantined from standard.conservation"
        ).fetchall():
            state["systems"][system] = {
                "pulled": pulled,
                "accepted": accepted,
                "quarantined": quarantined,
                "quarantined_cells": cells,
            }
        for entity in state["entities"]:
            state["entities"][entity] = connection.execute(f"select count(*) from governance.{entity}").fetchall()[0][0]
        state["records"] = {
            entity: connection.execute(f"select count(*) from matching.{entity}_candidate").fetchall()[0][0]
            for entity in ("resident", "enterprise")
        }
        for passed, severity, count in connection.execute(
            "select passed, severity, count(*) from quality.check_result group by all"
        ).fetchall():
            state["checks"]["passed" if passed else "failed" if severity == "block" else "warned"] += count
        unclosed = "select count(*) from quality.ticket where state <> 'closed'"
        state["tickets"] = connection.execute(unclosed).fetchall()[0][0]
    state["returned"] = dict(version.manifest["returned"])
    return state


def last_report(settings: Settings) -> Mapping[str, Any] | None:
    """Return the newest sync's report that can be read, also of a sync that published nothing."""
    found: list[tuple[float, Mapping[str, Any]]] = []
    for path in settings.builds.glob("*/report.json"):
        # a sync that goes on removes old ones meanwhile; a damaged one tells nothing
        with suppress(OSError, ValueError):
            found.append((path.stat().st_mtime, json.loads(path.read_text("utf-8"))))
    return max(found, key=lambda each: each[0])[1] if found else None


def show(state: Mapping[str, Any]) -> None:
    """Print the counts as tables people can read."""
    out.print(say("当前版本", "version"), Text(state["version"] or say("还没有", "none yet"), "bold"))
    # it has to fit into eighty characters
    title = say("部门系统", "department systems")
    systems = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False)
    systems.add_column(say("系统", "system"), no_wrap=True)
    for words in (("拉取行", "pulled"), ("收下行", "accepted")):
        systems.add_column(say(*words), justify="right", no_wrap=True)
    for words in (("隔离行", "rows held"), ("隔离格", "cells held")):
        systems.add_column(say(*words), justify="right")
    for name, counts in state["systems"].items():
        systems.add_row(name, *(f"{counts[k]:,}" for k in ("pulled", "accepted", "quarantined", "quarantined_cells")))
    out.print(systems)
    entities, checks = state["entities"], state["checks"]
    records = state.get("records", {})
    duplicates = {kind: records.get(kind, 0) - entities[kind] for kind in ("resident", "enterprise") if kind in records}
    out.print(
        say(
            f"人员 {entities['resident']:,}（{records.get('resident', 0):,} 条记录，归并掉重复 "
            f"{duplicates.get('resident', 0):,} 条），户 {entities['household']:,}，市场主体 "
            f"{entities['enterprise']:,}（归并掉重复 {duplicates.get('enterprise', 0):,} 条）",
            f"{entities['resident']:,} residents from {records.get('resident', 0):,} records "
            f"({duplicates.get('resident', 0):,} duplicates), {entities['household']:,} households, "
            f"{entities['enterprise']:,} enterprises ({duplicates.get('enterprise', 0):,} duplicates)",
        ),
        soft_wrap=True,
    )
    out.print(
        say(
            f"检查：通过 {checks['passed']}，提醒 {checks['warned']}，不通过 {checks['failed']}；"
            f"问题单 {state.get('tickets', 0)}",
            f"checks: {checks['passed']} passed, {checks['warned']} warned, {checks['failed']} failed; "
            f"{state.get('tickets', 0)} tickets",
        )
    )
    returned = Table(title=say("回流数据集", "returned datasets"), title_justify="left")
    returned.add_column(say("数据集", "dataset"))
    returned.add_column(say("行", "rows"), justify="right")
    for name, rows in state["returned"].items():
        returned.add_row(name, f"{rows:,}")
    out.print(returned)
