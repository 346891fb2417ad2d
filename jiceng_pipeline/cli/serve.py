"""`jiceng serve`: the Dagster UI and the portal, with the simulated systems behind them where there are any."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Annotated

import typer

from jiceng_pipeline.cli.words import err, say
from jiceng_pipeline.core.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=say("打开 Dagster 界面和门户（只在本机）", "open the Dagster UI and the portal on this machine"))(
        serve
    )


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help=say("Dagster 的端口", "port of Dagster"))] = 3000,
    portal_port: Annotated[int, typer.Option(min=1, max=65535, help=say("门户的端口", "port of the portal"))] = 8000,
) -> None:
    """Serve on 127.0.0.1 until interrupted; the nightly schedule runs meanwhile."""
    from jiceng_pipeline.defs import serve as dagster
    from jiceng_pipeline.simulation.running import running

    settings = Settings.load()
    systems = running(settings) if (settings.simulated / "city.json").exists() else nullcontext()
    with systems, _portal(settings, portal_port):
        err.print(f"Dagster  http://127.0.0.1:{port}   {say('按 Ctrl-C 结束', 'Ctrl-C to stop')}")
        dagster.serve(settings, port=port)


@contextmanager
def _portal(settings: Settings, port: int) -> Iterator[None]:
    """Serve the portal beside, once there is something to show."""
    from jiceng_pipeline.cli.portal import tell
    from jiceng_pipeline.portal import configuration, server
    from jiceng_pipeline.warehouse import publish

    if publish.current(settings) is None:
        err.print(say("还没有发布过版本，门户先不开", "nothing is published yet, so the portal stays closed"))
        yield
        return
    configuration.prepare(settings)
    from jiceng_pipeline.portal import accounts

    tell(accounts.demonstration(settings))
    with server.running(settings, port):
        err.print(f"{say('门户', 'Portal')}  http://127.0.0.1:{port}")
        yield
