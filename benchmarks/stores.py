"""The same synthetic table in a store of every kind, ten columns of text a row."""

import gzip
import json
import shutil
import sqlite3
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

COLUMNS = ("id", "name", "number", "sex", "born", "address", "phone", "community", "amount", "note")
WIDTHS = dict(zip(COLUMNS, (8, 12, 18, 1, 10, 60, 11, 12, 8, 12), strict=True))
PAGE = 1000


@dataclass(frozen=True)
class Store:
    """A store as a contract and connections.yaml would describe it."""

    name: str
    kind: str
    rows: int
    options: dict[str, Any]
    address: dict[str, str]

    def noted(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)


def table(rows: int) -> Iterator[tuple[str, ...]]:
    """Yield the rows, the same every time."""
    names = "王李张刘陈杨赵黄周吴"
    for i in range(rows):
        yield (
            f"{i:08d}",
            f"{names[i % 10]}小{names[i // 7 % 10]}",
            f"3206021950{i:08d}",
            str(1 + i % 2),
            f"19{i % 90 + 10}-0{i % 9 + 1}-1{i % 10}",
            f"崇川区虹桥街道跃龙路{i % 300}号{i % 20}幢{i % 600}室",
            f"139{i:08d}",
            f"3206130050{i % 90:02d}",
            f"{i % 900}.50",
            "" if i % 3 else "备注",
        )


def delimited(folder: Path, rows: int, _: ExitStack) -> Store:
    """Make a CSV in GB18030 with addresses in quotes."""
    with (folder / "t.csv").open("w", encoding="gb18030", newline="") as out:
        out.write(",".join(COLUMNS) + "\r\n")
        for row in table(rows):
            out.write(",".join([*row[:5], f'"{row[5]}"', *row[6:]]) + "\r\n")
    return Store("delimited", "delimited", rows, {"file": "t.csv"}, {"folder": str(folder)})


def json_lines(folder: Path, rows: int, _: ExitStack) -> Store:
    """Make JSON Lines, packed."""
    with gzip.open(folder / "t.jsonl.gz", "wt", compresslevel=1, encoding="utf-8") as out:
        for row in table(rows):
            out.write(json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False) + "\n")
    return Store("json_lines", "json_lines", rows, {"file": "t.jsonl.gz"}, {"folder": str(folder)})


def fixed_width(folder: Path, rows: int, _: ExitStack) -> Store:
    """Make fixed-width lines in GB18030, packed."""
    with gzip.open(folder / "t.txt.gz", "wb", compresslevel=1) as out:
        for row in table(rows):
            cells = (cell.encode("gb18030").ljust(width) for cell, width in zip(row, WIDTHS.values(), strict=True))
            out.write(b"D" + b"".join(cells) + b"\r\n")
    options = {"files": "t.txt.gz", "fields": WIDTHS}
    return Store("fixed_width", "fixed_width", rows, options, {"folder": str(folder)})


def dbf(folder: Path, rows: int, _: ExitStack) -> Store:
    """Make a FoxPro table."""
    fields = b"".join(
        name.upper().encode().ljust(11, b"\0") + b"C" + bytes(4) + bytes([width, 0]) + bytes(14)
        for name, width in WIDTHS.items()
    )
    with (folder / "t.dbf").open("wb") as out:
        out.write(struct.pack("<B3BLHH20x", 3, 126, 1, 1, rows, 33 + len(fields), 1 + sum(WIDTHS.values())))
        out.write(fields + b"\r")
        for row in table(rows):
            cells = (cell.encode("gb18030").ljust(width) for cell, width in zip(row, WIDTHS.values(), strict=True))
            out.write(b" " + b"".join(cells))
        out.write(b"\x1a")
    return Store("dbf", "dbf", rows, {"file": "t.dbf"}, {"folder": str(folder)})


def xml(folder: Path, rows: int, _: ExitStack) -> Store:
    """Make an XML export, one element a record."""
    with (folder / "t.xml").open("w", encoding="utf-8") as out:
        out.write("<?xml version='1.0' encoding='utf-8'?>\n<rows>\n")
        for row in table(rows):
            cells = "".join(f"<{n}>{escape(v)}</{n}>" for n, v in zip(COLUMNS, row, strict=True))
            out.write(f"<row>{cells}</row>\n")
        out.write("</rows>\n")
    options = {"file": "t.xml", "record": "row", "fields": {name: name for name in COLUMNS}}
    return Store("xml", "xml", rows, options, {"folder": str(folder)})


def excel(folder: Path, rows: int, _: ExitStack) -> Store:
    """Make a workbook, all cells text."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(folder / "t.xlsx"), {"constant_memory": True})
    sheet = book.add_worksheet("表")
    for place, row in enumerate([COLUMNS, *table(rows)]):
        for column, cell in enumerate(row):
            sheet.write_string(place, column, cell)
    book.close()
    options = {"file": "t.xlsx", "header_contains": ["id", "name"]}
    return Store("excel", "excel", rows, options, {"folder": str(folder)})


def sqlite(folder: Path, rows: int, _: ExitStack) -> Store:
    """Make a SQLite file."""
    database = sqlite3.connect(folder / "t.db")
    database.execute(f"create table t ({', '.join(f'{name} text' for name in COLUMNS)})")
    database.executemany(f"insert into t values ({', '.join('?' * len(COLUMNS))})", table(rows))
    database.commit()
    database.close()
    return Store("sqlite", "sql", rows, {"table": "t"}, {"file": str(folder / "t.db")})


def postgresql(folder: Path, rows: int, servers: ExitStack) -> Store:
    """Make a table in a PostgreSQL of its own."""
    import psycopg

    from jiceng_pipeline.simulation.postgresql import serving

    server = servers.enter_context(serving(folder / "postgresql", note=lambda _: None))
    with psycopg.connect(server.url) as database:
        database.execute(f"create table t ({', '.join(f'{name} text' for name in COLUMNS)})")
        with database.cursor().copy("copy t from stdin") as copy:
            for row in table(rows):
                copy.write_row(row)
    return Store("postgresql", "sql", rows, {"table": "t"}, {"url": server.url})


def mysql(_: Path, rows: int, servers: ExitStack) -> Store:
    """Make a table in a MariaDB of its own (Debian's mariadb-server-core)."""
    from jiceng_pipeline_tests.connectors import mariadb

    server = servers.enter_context(mariadb.serving())
    made = ", ".join(f"{name} varchar(100)" for name in COLUMNS)
    server.execute(f"create table t ({made})")
    part: list[str] = []
    for row in [*table(rows), None]:
        if row:
            part.append("(" + ",".join(f"'{cell}'" for cell in row) + ")")
        if part and (row is None or len(part) == PAGE):
            server.execute("insert into t values " + ",".join(part))
            part = []
    return Store("mysql", "sql", rows, {"table": "t"}, {"url": server.url})


def http_json(_: Path, rows: int, servers: ExitStack) -> Store:
    """Serve the table in pages, all of them made beforehand."""
    everything = [dict(zip(COLUMNS, row, strict=True)) for row in table(rows)]
    pages = [
        json.dumps({"code": 0, "total": rows, "data": everything[at : at + PAGE]}, ensure_ascii=False).encode()
        for at in range(0, rows, PAGE)
    ]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            page = pages[int(parse_qs(urlsplit(self.path).query)["page"][0]) - 1]
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *said: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    servers.callback(server.shutdown)
    options = {"path": "/rows", "total": "total", "page_size": PAGE}
    return Store("http_json", "http_json", rows, options, {"url": f"http://127.0.0.1:{server.server_port}"})


MAKERS: dict[str, Callable[[Path, int, ExitStack], Store]] = {
    each.__name__: each
    for each in (delimited, json_lines, fixed_width, dbf, xml, excel, http_json, sqlite, postgresql, mysql)
    if each is not mysql or shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
}
