"""How long a light app takes to open for a community and for a county, and whether any SQL got out of the sandbox.

    python -m benchmarks.light_apps [--scale street] [--home FOLDER]

FOLDER is a synced home; without it one is made. Writes benchmarks/results/light_apps.json.
"""

import argparse
import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks import result
from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.exchange import lineage, sandbox
from jiceng_pipeline.exchange.light_app import light_apps
from jiceng_pipeline.exchange.light_app_page import open_app
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants
from jiceng_pipeline.simulation.running import running
from jiceng_pipeline.simulation.simulate import simulate
from jiceng_pipeline.standard.register import elements
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.exchange.escapes import ALIASES, ESCAPES, SECRET

REPEATS = 3


def opened(settings: Settings, app: str, place: str) -> tuple[int, float]:
    """Return how many rows there are and the median of the milliseconds an opening took, audit included."""
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        page = open_app(settings, actor="operator", app=app, place=place)
        took.append((time.perf_counter() - began) * 1000)
    return page.total, round(sorted(took)[REPEATS // 2], 1)


def built(settings: Settings) -> list[str]:
    """Return the apps that the version being served has."""
    with connect(publish.find(settings).database, settings=settings, read_only=True) as connection:
        rows = connection.execute("select table_name from duckdb_tables() where schema_name = 'light_apps'").fetchall()
    return [app for app in light_apps(settings.sql_models) if (app,) in rows]


def fullest(settings: Settings, app: str) -> str:
    """Return the community with the most rows of an app."""
    with connect(publish.find(settings).database, settings=settings, read_only=True) as connection:
        found = connection.execute(
            f"select community_code from light_apps.{app} group by 1 order by count(*) desc, 1 limit 1"
        ).fetchall()
    return found[0][0] if found else "320613005001"


def escapes() -> list[str]:
    """Return the attempts that were not refused, each tried on a database of its own."""
    out = []
    for name, sql in ESCAPES.items():
        with tempfile.TemporaryDirectory() as folder, connect(Path(folder) / "build.duckdb") as connection:
            connection.execute(
                f"""create schema governance; create schema light_apps; create schema ledger;
                create table governance.resident as select '320613005001' as community_code, 'r' as resident_id,
                    '王芳' as name, '{SECRET}' as citizen_id;
                create table ledger.event as select 1 as seq"""
            )
            (Path(folder) / "secret.csv").write_text(f"citizen_id\n{SECRET}\n", "utf-8")
            visible = {"governance.resident": ["community_code", "resident_id", "name"]}
            try:
                select = sandbox.checked(connection, sql.format(folder=folder), "attempt")
                home = sandbox.enter(connection, select, visible)
                sandbox.fill(connection, home, "light_apps.app", select, "community_code")
                out.append(name)
            except (DefinitionError, duckdb.Error):
                continue
    return out


def aliases() -> list[str]:
    """Return the attempts to show a value under the name of another element that were not refused."""
    out = []
    declared = {each for column, _ in ALIASES.values() for each in (column, "community_code")}
    declared |= {"name", "citizen_id", "phone", "birth_date", "resident_id"}
    with connect() as connection:
        for name, (column, sql) in ALIASES.items():
            select = sandbox.checked(connection, sql, "attempt")
            try:
                lineage.guard(
                    select.node, {column: elements()[column]}, declared, (), "check", (),
                    lambda what: DefinitionError(what, where="attempt", cure=""),
                )  # fmt: skip
                out.append(name)
            except DefinitionError:
                continue
    return out


def main() -> None:
    """Run and write the figures."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--scale", default="street")
    arguments.add_argument("--home", type=Path)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=given.home or Path(folder))
        if given.home is None:
            simulate(settings, scale=given.scale)
            with running(settings):
                assert run_sync(settings).exit_code == 0
        with open_ledger(settings) as ledger:
            grants.ensure_operator(ledger)
        measure(settings, given.scale)


def measure(settings: Settings, scale: str) -> None:
    """Write the figures of a synced home."""
    apps = {}
    for app in built(settings):
        place = fullest(settings, app)
        rows, ms = opened(settings, app, place)
        county_rows, county_ms = opened(settings, app, place[:6])
        apps[app] = {"rows": rows, "ms": ms, "county_rows": county_rows, "county_ms": county_ms}
    out = [*escapes(), *aliases()]
    figures = {
        "command": f"python -m benchmarks.light_apps --scale {scale}",
        "machine": result.machine(),
        "scale": scale,
        "apps": len(apps),
        "slowest_ms": max(max(each["ms"], each["county_ms"]) for each in apps.values()),
        "escapes_tried": len(ESCAPES) + len(ALIASES),
        "escapes": len(out),
        "opened": apps,
    }
    result.write("light_apps", figures)


if __name__ == "__main__":
    main()
