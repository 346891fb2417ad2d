"""A receiver that listens on this machine: takes signed batches by HTTP into its copy."""

import json
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import JicengError
from jiceng_pipeline.exchange import delivery_message, receiver
from jiceng_pipeline.exchange.receiver_store import Store

LOOPBACK = "127.0.0.1"
_OK, _UNKNOWN, _MISSING, _TOO_LARGE, _REFUSED = 200, 401, 409, 413, 422
_SILENCE_SECONDS = 60
_CODES = {"applied": _OK, "known": _OK, "early": _MISSING}


def server(opened: Callable[[], AbstractContextManager[Store]], key: str, port: int = 0) -> HTTPServer:
    """Return a server on the loopback address; the copy is opened for each batch and closed after it."""

    class Handler(BaseHTTPRequestHandler):
        """One batch at a time; who stays silent is let go."""

        timeout = _SILENCE_SECONDS

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length > delivery_message.MAX_BYTES:
                self._answer(_TOO_LARGE, {"reason": "过大"})
                return
            body = self.rfile.read(length)
            if not delivery_message.is_genuine(key, self.headers, body, clock.now().timestamp()):  # type: ignore[arg-type]
                self._answer(_UNKNOWN, {"reason": "签名不对或已过时"})
                return
            try:
                with tempfile.TemporaryDirectory() as folder, opened() as store:
                    taken = receiver.take(store, delivery_message.unpacked(body, Path(folder)))
            except JicengError as error:
                self._answer(_REFUSED, {"reason": error.what})
                return
            self._answer(_CODES[taken.outcome], {"number": taken.have.number, "hash": taken.have.hash})

        def _answer(self, status: int, told: dict[str, Any]) -> None:
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: what was taken over stands in the copy."""

    return HTTPServer((LOOPBACK, port), Handler)
