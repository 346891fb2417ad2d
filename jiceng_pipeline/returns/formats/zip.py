"""Zip: data as CSV with its dictionary, its code lists and a Frictionless `datapackage.json`, for other programs.

Codes and values are as they are, columns are named by their elements. A text that a spreadsheet would take for a
formula has an apostrophe in front all the same: somebody will open the CSV by hand.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from jiceng_pipeline.returns import explanation, marks
from jiceng_pipeline.returns.cut import LICENCE, Cut
from jiceng_pipeline.returns.formats.csv import inert
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.standard.register import element

DATA, DICTIONARY, CODES, PACKAGE = "data.csv", "data_dictionary.csv", "code_lists.csv", "datapackage.json"
_BATCH = 10_000
_TYPES = {"BIGINT": "integer", "DATE": "date", "BOOLEAN": "boolean", "TIMESTAMP": "datetime", "VARCHAR": "string"}


def write(cut: Cut, path: Path) -> int:
    """Write the archive and return how many rows its data have."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        result = cut.connection.execute(cut.values(marked=True))
        columns = [(str(name), str(kind)) for name, kind, *_ in result.description or ()]
        rows = 0
        with archive.open(_entry(cut, DATA), "w", force_zip64=True) as out:
            out.write(b"\xef\xbb\xbf" + _lines([[name for name, _ in columns]]))
            while batch := result.fetchmany(_BATCH):
                out.write(_lines([_cell(value) for value in row] for row in batch))
                rows += len(batch)
        for name, content in ((DICTIONARY, _dictionary(cut)), (CODES, _codes(cut))):
            archive.writestr(_entry(cut, name), b"\xef\xbb\xbf" + _lines(content))
        told = json.dumps(_package(cut, columns, rows), ensure_ascii=False, indent=1)
        archive.writestr(_entry(cut, PACKAGE), told.encode())
    return rows


def _entry(cut: Cut, name: str) -> ZipInfo:
    """Return the entry of a file, dated by the version, so that the same content gives the same archive."""
    made = datetime.fromisoformat(cut.version.manifest["created"])
    entry = ZipInfo(name, made.timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED
    return entry


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return inert(value)
    return value.isoformat() if isinstance(value, date) else value


def _dictionary(cut: Cut) -> Iterator[Sequence[str]]:
    yield ("column", "数据项", "含义", "类型", "代码表", "来源", "标准", "显示方式")
    for each in cut.elements:
        shown = cut.access.maskings[each.id].words
        yield (each.id, each.title, each.definition, each.type, each.code_set or "", cut.source_of(each),
               each.standard, shown)  # fmt: skip


def _codes(cut: Cut) -> Iterator[Sequence[str]]:
    yield ("code_set", "代码", "名称")
    for name in sorted({each.code_set for each in cut.elements if each.code_set}):
        yield from ((name, code, title) for code, title in code_sets()[name].items())


def _package(cut: Cut, columns: Sequence[tuple[str, str]], rows: int) -> dict[str, Any]:
    """Return the descriptor (Frictionless Data Package): what the columns are, whence, and what one may do with it."""
    return {
        "profile": "tabular-data-package",
        "name": cut.dataset.name.replace("_", "-"),
        "title": explanation.title(cut),
        "description": cut.dataset.purpose,
        "created": cut.version.manifest["created"],
        "version": cut.version.name,
        "previous_version": cut.version.manifest.get("previous"),
        "only_changes": cut.only_changes,
        "as_of": cut.as_of,
        "division_code": cut.place.code,
        "display_profile": cut.access.profile,
        "purpose": cut.access.purpose,
        "receipt": cut.access.receipt,
        "watermark": cut.watermark,
        "licenses": [{"name": "restricted", "title": LICENCE}],
        "sources": [
            {"title": contract.title, "owner": contract.owner.name, "date": delivery.date and str(delivery.date)}
            for contract, delivery in cut.systems().values()
        ],
        "resources": [
            {
                "name": "data",
                "path": DATA,
                "profile": "tabular-data-resource",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "rows": rows,
                "schema": {"fields": [_field(name, kind) for name, kind in columns], "missingValues": [""]},
            }
        ],
    }


def _field(name: str, kind: str) -> dict[str, Any]:
    each = element(name)
    field = {
        "name": name,
        "title": each.title,
        "description": each.definition,
        "type": "number" if kind.startswith("DECIMAL") else _TYPES.get(kind, "string"),
    }
    if name != marks.COLUMN and each.code_set:
        field["code_set"] = each.code_set
    return field
