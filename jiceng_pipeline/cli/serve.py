"""`jiceng serve`: the Dagster UI, with the simulated systems behind it where there are any."""

from contextlib import nullcontext
from typing import Annotated

import typer

from jiceng_pipeline.cli.words import err, say
from jiceng_pipeline.core.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=say("打开 Dagster 界面（只在本机）", "open the Dagster UI on this machine"))(serve)


def serve(port: Annotated[int, typer.Option(help=say("端口", "port"))] = 3000) -> None:
    """Serve on 127.0.0.1 until interrupted; the nightly schedule runs meanwhile."""
    from jiceng_pipeline.defs import serve as dagster
    from jiceng_pipeline.simulation.running import running

    settings = Settings.load()
    systems = running(settings) if (settings.simulated / "city.json").exists() else nullcontext()
    with systems:
        err.print(f"Dagster  http://127.0.0.1:{port}   {say('按 Ctrl-C 结束', 'Ctrl-C to stop')}")
        dagster.serve(settings, port=port)
