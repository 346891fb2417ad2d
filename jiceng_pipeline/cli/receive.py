"""`jiceng receive`: the other end of a subscription: take over what was delivered into one's own copy."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jiceng_pipeline.cli.words import out, print_json, say

if TYPE_CHECKING:
    from jiceng_pipeline.exchange.receiver_store import Store

app = typer.Typer(no_args_is_help=True, help=say("接收订阅的数据", "receive what was subscribed"))

_Into = Annotated[str, typer.Option(help=say("DuckDB 文件，或 postgresql://…", "a DuckDB file, or postgresql://…"))]


@app.command(help=say("接收一个交换文件夹里的批次", "take over what lies in a folder"))
def folder(
    path: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    into: _Into,
    dropped: Annotated[bool, typer.Option(help=say("前置机式的平放文件", "plain files side by side"))] = False,
    snapshot: Annotated[
        Path | None,
        typer.Option(help=say("另存一份完整的现状，每行一个 JSON", "also write the whole copy as JSON lines")),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """Take the batches over in order and print up to which number."""
    from jiceng_pipeline.exchange import receiver, receiver_snapshot

    with _opened(into) as store:
        found = (receiver.take_dropped if dropped else receiver.take_folder)(store, path)
        if snapshot:
            for name in found:
                receiver_snapshot.write(store, name, snapshot)
    if as_json:
        print_json({name: have.number for name, have in found.items()})
        return
    for name, have in found.items():
        out.print(say(f"{name}：已接收到第 {have.number} 批", f"{name}: up to batch {have.number}"))


@app.command(help=say("在本机监听，接收对方送来的批次", "listen on this machine"))
def serve(
    into: _Into,
    key: Annotated[str, typer.Option(envvar="JICENG_RECEIVE_KEY", help=say("与对方约定的密钥", "the shared key"))],
    port: Annotated[int, typer.Option(min=1, max=65535, help=say("端口", "port"))] = 8765,
) -> None:
    """Listen on the loopback address until interrupted."""
    from jiceng_pipeline.exchange import receiver_http

    server = receiver_http.server(lambda: _opened(into), key, port)
    out.print(f"http://{receiver_http.LOOPBACK}:{server.server_port}/")
    try:
        server.serve_forever()
    finally:
        server.server_close()


def _opened(into: str) -> AbstractContextManager["Store"]:
    from jiceng_pipeline.exchange import receiver_store

    if into.startswith(("postgresql://", "postgres://")):
        return receiver_store.in_postgresql(into)
    return receiver_store.in_file(Path(into))
