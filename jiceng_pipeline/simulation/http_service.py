"""The HTTP interfaces of departments, in a process of their own that ends with whoever started it.

A store that is served has PATH, `respond(folder, query) -> bytes` and, where it is no JSON,
CONTENT_TYPE. As with the real ones, about every twentieth request is refused: too many
requests, or not available just now.
"""

import itertools
import json
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from jiceng_pipeline.simulation.store import stores

Respond = Callable[[Path, Mapping[str, str]], bytes]
JSON = "application/json; charset=utf-8"
BUSY, UNAVAILABLE, EVERY = 7, 27, 40  # which of each forty requests are refused


class Service(ThreadingHTTPServer):
    """Serve the stores below `folder` to who has the token."""

    daemon_threads = True

    def __init__(self, folder: Path, token: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.token = token
        self.count = itertools.count(1)
        self.routes: dict[str, tuple[Respond, Path, str]] = {
            path: (store.respond, folder / system, getattr(store, "CONTENT_TYPE", JSON))  # type: ignore[attr-defined]
            for system, store in stores().items()
            if (path := getattr(store, "PATH", None))
        }


class Handler(BaseHTTPRequestHandler):
    """Answer one connection's requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Service

    def do_GET(self) -> None:
        """Answer a page, or say why not."""
        target = urlsplit(self.path)
        route = self.server.routes.get(target.path)
        if self.headers.get("Authorization") != f"Bearer {self.server.token}":
            self._answer(401, b'{"code":401,"msg":"unauthorized"}')
            return
        number = next(self.server.count)
        if number % EVERY == BUSY:
            self._answer(429, b'{"code":429}', {"Retry-After": str(number // EVERY % 4 // 3)})
        elif number % EVERY == UNAVAILABLE:
            self._answer(503, b"<html><body>503 Service Unavailable</body></html>")
        elif route is None:
            self._answer(404, b'{"code":404}')
        else:
            respond, folder, kind = route
            self._answer(200, respond(folder, dict(parse_qsl(target.query))), {"Content-Type": kind})

    def log_message(self, *_: object) -> None:
        """Say nothing: addresses of requests may hold personal values."""

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        kind = JSON if body.startswith(b"{") else "text/html"
        for name, value in {
            "Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})
        }.items():  # fmt: skip
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Read folder and token from the first line of input, say the port, serve until the input ends."""
    asked = json.loads(sys.stdin.buffer.readline())
    service = Service(Path(asked["folder"]), asked["token"])
    sys.stdout.write(json.dumps({"port": service.server_port}) + "\n")
    sys.stdout.flush()

    def wait_for_the_end() -> None:
        sys.stdin.buffer.read()
        service.shutdown()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    service.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
