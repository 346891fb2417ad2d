"""A workbook's sheets as text, read in a process of its own: a hostile file can fell no more than that.

`python -m jiceng_pipeline.connectors.sheets PATH SHEETS MEMORY SECONDS MERGED` writes one Arrow stream a sheet
to standard output (`row`, then one column of text for each of the sheet's) and, where it fails, a JSON object
{"what", "cure"} to standard error. `connectors.workbook` is its only caller; nothing of ours is imported.
"""

import gc
import json
import resource
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import python_calamine as calamine

FAILED = 3
_BATCH_ROWS = 50_000
_EXACT = 10**15  # Excel keeps 15 digits; a longer whole number has lost its end


def main(path: str, wanted: str, memory: str, seconds: str, merged: str) -> int:
    """Write the sheets `wanted` ("every", "first" or a JSON list of names) and return the exit code.

    `merged`: "merged" repeats a merged cell's value in every row it covers, "single" leaves it where it stands.
    """
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # rows by the hundred thousand, none of them in a cycle
    try:
        # opened here: calamine knows only paths that are text
        with Path(path).open("rb") as stream, calamine.CalamineWorkbook.from_filelike(stream) as workbook:
            for sheet in _chosen(workbook, wanted):
                _write(workbook, sheet, sys.stdout.buffer, merged == "merged")
    except calamine.PasswordError:
        return _failed("工作簿有密码", "请去掉打开密码后重新保存")
    except calamine.CalamineError as error:
        return _failed(f"工作簿打不开（{type(error).__name__}）", "请用 Excel 打开检查，另存为 .xlsx 后重新放入")
    except LookupError as error:
        return _failed(f"没有工作表 {error.args[0]}", "请恢复原工作表名；确需改动的，由管理员改合同里的 sheets")
    return 0


def _failed(what: str, cure: str) -> int:
    print(json.dumps({"what": what, "cure": cure}), file=sys.stderr)  # noqa: T201 - how it answers
    return FAILED


def _chosen(workbook: calamine.CalamineWorkbook, wanted: str) -> list[calamine.SheetMetadata]:
    sheets = {sheet.name: sheet for sheet in workbook.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet}
    if wanted == "every":
        return list(sheets.values())
    if wanted == "first":  # that people see; a hidden one may be a list for drop-downs, or of last year
        seen = [sheet for sheet in sheets.values() if sheet.visible == calamine.SheetVisibleEnum.Visible]
        return seen[:1]
    names = json.loads(wanted)
    if missing := [name for name in names if name not in sheets]:
        raise LookupError("、".join(missing))
    return [sheets[name] for name in names]


def _write(workbook: calamine.CalamineWorkbook, meta: calamine.SheetMetadata, out: BinaryIO, merged: bool) -> None:
    sheet = workbook.get_sheet_by_name(meta.name)
    left = sheet.start[1] if sheet.start else 0
    names = [str(place) for place in range(left + sheet.width)]
    hidden = "" if meta.visible == calamine.SheetVisibleEnum.Visible else "yes"
    schema = pa.schema(
        [("row", pa.int64()), *((name, pa.string()) for name in names)],
        metadata={"sheet": meta.name, "hidden": hidden},
    )
    with pa.ipc.new_stream(out, schema) as stream:
        rows = _rows(sheet, left, merged)
        while found := list(islice(rows, _BATCH_ROWS)):
            places, cells = zip(*found, strict=True)
            numbers = pa.py_buffer(np.array(places, np.int64))
            columns = [_column(column) for column in zip(*cells, strict=True)]
            blanks = [_column([""] * len(found))] * left
            row = pa.Array.from_buffers(pa.int64(), len(found), [None, numbers])
            stream.write_batch(pa.record_batch([row, *blanks, *columns], schema=schema))


def _rows(sheet: calamine.CalamineSheet, left: int, merged: bool) -> Iterator[tuple[int, list[Any]]]:
    """Yield Excel's row number and the cells of each row that has any, merged cells repeated downwards if asked."""
    empty = [""] * sheet.width
    above: dict[int, Any] = {}  # column → the value of the merged cell that reaches further down
    spans: dict[int, list[tuple[int, int]]] = defaultdict(list)  # first row → (column, last row)
    for (top, column), (bottom, _) in (sheet.merged_cell_ranges or ()) if merged else ():
        if bottom > top and left <= column < left + sheet.width:
            spans[top].append((column - left, bottom))
    open_until: dict[int, int] = {}
    for place, row in enumerate(sheet.iter_rows()):
        for column in [column for column, bottom in open_until.items() if bottom < place]:
            del open_until[column], above[column]
        if row == empty:
            continue
        for column, value in above.items():
            row[column] = value if row[column] == "" else row[column]
        for column, bottom in spans.get(place, ()):
            open_until[column], above[column] = bottom, row[column]
        yield place + 1, row


def _column(values: Sequence[Any]) -> pa.Array:
    """Return cells as text. Not by `pa.array`, which would import pandas first (a second)."""
    texts = [(value if type(value) is str else _text(value)).encode() for value in values]
    offsets = np.zeros(len(texts) + 1, np.int32)
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(b"".join(texts)))


def _text(value: Any) -> str:
    """Return what a cell holds as text: whole numbers as digits, dates as ISO, the rest as it is.

    A whole number beyond Excel's precision keeps its exponent, so that no check takes it for an id.
    """
    match value:
        case str():
            return value
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer() and abs(value) < _EXACT:
            return str(int(value))
        case float():
            return repr(value)
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
        case _:
            return str(value)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
