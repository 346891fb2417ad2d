"""An HTTP interface on loopback that pages records and misbehaves in the ways a test names."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "canary-token"


class Interface:
    """Serves `records`; `faults` are taken one a request, each a function of the handler, before it is well again."""

    def __init__(self):
        self.records = []
        self.faults = []
        self.visits = []  # paths
        self.asked = []  # pages
        self.total = None  # said instead of the truth
        self.page_size = None  # capped at
        self.export = None  # bytes: what is answered instead of pages
        self.released = threading.Event()

    def __enter__(self):
        handler = type("Handler", (_Handler,), {"interface": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def address(self):
        """Return the address as it stands in connections.yaml."""
        return {"url": f"http://127.0.0.1:{self._server.server_port}", "token": TOKEN}

    def page(self, number, size):
        """Return what a well interface answers."""
        size = min(size, self.page_size or size)
        total = len(self.records) if self.total is None else self.total
        return {"code": 0, "total": total, "page": number, "data": self.records[(number - 1) * size : number * size]}


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        """Say nothing of a client that is gone: tests kill some."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.interface.visits.append(self.path)
        query = parse_qs(urlsplit(self.path).query)
        number, size = (int(query.get(name, ["1"])[0]) for name in ("page", "size"))
        self.interface.asked.append(number)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.answer(401, {"code": 401})
        elif self.interface.faults:
            self.interface.faults.pop(0)(self)
        elif self.interface.export is not None:
            self.answer(200, self.interface.export)
        else:
            self.answer(200, self.interface.page(number, size))

    def answer(self, status, body, **headers):
        """Send `body` as JSON, or as it is where it is bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Say nothing."""


def status(code, body=b"", **headers):
    """Return a fault: this status."""
    return lambda handler: handler.answer(code, body, **headers)


def says(body):
    """Return a fault: a 200 with this body."""
    return status(200, body)


def reset(handler):
    """Break the connection off in the middle of the body."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b'{"code":0,"total":')
    handler.close_connection = True


def hang(handler):
    """Say nothing until the test is over."""
    handler.interface.released.wait(30)
    handler.close_connection = True
