"""One reading of a store, by our connector, by our whole pull, or by the plain library, into Parquet."""

import gzip
import json
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import dbfread
import duckdb
import httpx
import pandas  # noqa: F401 - pyarrow imports it at its first array, and imports are not measured
import pyarrow as pa
import pyarrow.parquet as pq
import python_calamine
from lxml import etree
from pyarrow import csv

from benchmarks.stores import COLUMNS, PAGE, WIDTHS
from jiceng_pipeline.connectors import sql
from jiceng_pipeline.connectors.base import BATCH_ROWS, Source, load, options_of
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing.pull import pull
from jiceng_pipeline.warehouse import extensions

TEXT = pa.schema([(name, pa.string()) for name in COLUMNS])
Batches = Iterable[pa.RecordBatch | pa.Table]


def run(how: str, store: dict[str, Any], folder: Path) -> dict[str, float]:
    """Read once and return seconds, rows and the peak of memory, children included."""
    read: Callable[[], int] = {
        "ours": lambda: _written(_ours(store), folder),
        "plain": lambda: _written(READERS[store["name"]](store), folder),
        "pull": lambda: _pulled(store, folder),
    }[how]
    load(store["kind"])
    sql.schemes()
    begun = time.perf_counter()
    rows = read()
    seconds = time.perf_counter() - begun
    # not ru_maxrss, which a process inherits from the one that started it
    own = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {"seconds": seconds, "rows": rows, "peak_mb": (int(own.split()[1]) + children) / 1024}


def _written(batches: Batches, folder: Path) -> int:
    """Write the promised columns as landing does, in the same row groups, and return the count of rows."""
    count = 0
    waiting: list[pa.Table] = []
    with pq.ParquetWriter(folder / "out.parquet", TEXT, compression="zstd", compression_level=1) as writer:
        for batch in batches:
            count += batch.num_rows
            waiting.append(batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch]))
            if sum(each.num_rows for each in waiting) >= 2 * BATCH_ROWS:
                writer.write_table(pa.concat_tables(waiting), row_group_size=2 * BATCH_ROWS)
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting), row_group_size=2 * BATCH_ROWS)
    return count


def _ours(store: dict[str, Any]) -> Batches:
    source = Source("bench/store", _columns(store), {}, store["address"])
    for batch in load(store["kind"]).read(source, options_of(store["kind"], store["options"])).batches:
        yield pa.Table.from_batches([batch]).drop_columns(["_file", "_row"]).rename_columns(COLUMNS)


def _columns(store: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name.upper() for name in COLUMNS) if store["name"] == "dbf" else COLUMNS


def _pulled(store: dict[str, Any], folder: Path) -> int:
    home = Path(folder, f"home-{time.time_ns()}")
    home.mkdir()
    settings = Settings(home=home)
    key, name, *others = _columns(store)
    contract = Contract.model_validate(
        {
            "department": "bench",
            "system": "store",
            "title": "bench",
            "owner": {"name": "bench", "contact": "nobody@bench.invalid"},
            "legal_basis": "-",
            "sharing": "conditional",
            "entity": "resident",
            "connector": {"kind": store["kind"], "options": store["options"]},
            "key": [key],
            "columns": {name: "name"},
            "ignored": [key, *others],
        }
    )
    settings.connections.write_text(json.dumps({contract.name: store["address"]}), "utf-8")
    found = pull(contract, settings)
    assert found.status == "landed", found.error
    return found.rows_accepted


def _of_rows(rows: Iterator[Any]) -> Batches:
    """Yield rows, each a sequence of texts, as tables of the usual size."""
    while part := list(islice(rows, BATCH_ROWS)):
        yield pa.table(list(map(list, zip(*part, strict=True))), schema=TEXT)


def _of_records(records: Iterator[dict[str, Any]]) -> Batches:
    while part := list(islice(records, BATCH_ROWS)):
        yield pa.Table.from_pylist(part, schema=TEXT)


def _delimited(store: dict[str, Any]) -> Batches:
    yield from csv.open_csv(
        Path(store["address"]["folder"], "t.csv"),
        read_options=csv.ReadOptions(encoding="gb18030", block_size=4 << 20),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(column_types=TEXT),
    )


def _json_lines(store: dict[str, Any]) -> Batches:
    with gzip.open(Path(store["address"]["folder"], "t.jsonl.gz"), "rt", encoding="utf-8") as lines:
        yield from _of_records(map(json.loads, lines))


def _fixed_width(store: dict[str, Any]) -> Batches:
    cuts, at = [], 1
    for width in WIDTHS.values():
        cuts.append(slice(at, at + width))
        at += width
    with gzip.open(Path(store["address"]["folder"], "t.txt.gz")) as lines:
        yield from _of_rows([line[cut].decode("gb18030").strip() for cut in cuts] for line in lines)


def _dbf(store: dict[str, Any]) -> Batches:
    table = dbfread.DBF(Path(store["address"]["folder"], "t.dbf"), encoding="gb18030", lowernames=True)
    yield from _of_records(iter(table))


def _xml(store: dict[str, Any]) -> Batches:
    def records() -> Iterator[dict[str, Any]]:
        for _, element in etree.iterparse(str(Path(store["address"]["folder"], "t.xml")), tag="row"):
            yield {child.tag: child.text or "" for child in element}
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]

    yield from _of_records(records())


def _excel(store: dict[str, Any]) -> Batches:
    book = python_calamine.CalamineWorkbook.from_path(Path(store["address"]["folder"], "t.xlsx"))
    rows = book.get_sheet_by_index(0).iter_rows()
    next(rows)
    yield from _of_rows(rows)


def _http_json(store: dict[str, Any]) -> Batches:
    def records() -> Iterator[dict[str, Any]]:
        with httpx.Client(base_url=store["address"]["url"], trust_env=False) as client:
            for page in range(1, -(-store["rows"] // PAGE) + 1):
                yield from client.get("/rows", params={"page": page, "size": PAGE}).json()["data"]

    yield from _of_records(records())


def _scanned(kind: str, address: str) -> Batches:
    connection = duckdb.connect()
    connection.load_extension(str(extensions.path(f"{kind}_scanner")))
    connection.execute(f"attach '{address}' as source (type {kind}, read_only)")
    schema = {"sqlite": "main", "postgres": "public", "mysql": "yb"}[kind]
    yield from connection.execute(f"select * from source.{schema}.t").to_arrow_reader(BATCH_ROWS)


def _mysql(store: dict[str, Any]) -> Batches:
    port = store["address"]["url"].split(":")[-1].split("/")[0]
    yield from _scanned("mysql", f"host=127.0.0.1 port={port} user=root database=yb")


READERS: dict[str, Callable[[dict[str, Any]], Batches]] = {
    "delimited": _delimited,
    "json_lines": _json_lines,
    "fixed_width": _fixed_width,
    "dbf": _dbf,
    "xml": _xml,
    "excel": _excel,
    "http_json": _http_json,
    "sqlite": lambda store: _scanned("sqlite", store["address"]["file"]),
    "postgresql": lambda store: _scanned("postgres", store["address"]["url"]),
    "mysql": _mysql,
}
NAMES = {
    "delimited": "pyarrow.csv",
    "json_lines": "json, pyarrow",
    "fixed_width": "str slices, pyarrow",
    "dbf": "dbfread",
    "xml": "lxml.iterparse",
    "excel": "python-calamine",
    "http_json": "httpx, json",
    "sqlite": "duckdb sqlite_scanner",
    "postgresql": "duckdb postgres_scanner",
    "mysql": "duckdb mysql_scanner",
}
