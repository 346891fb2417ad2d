"""A workbook in two steps: what is the same for few rows and many comes from xlsxwriter, the rows are put into it.

xlsxwriter keeps and checks every cell; for two million rows of forms that is most of the time. So it writes title,
header, rules, signatures and styles, and what repeats is written as text (`forms/sheet_xml.py`) where it belongs.
The hidden sheet holds samples of the looks until then: so their numbers are known without looking into xlsxwriter.
"""

import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from jiceng_pipeline.forms import sheet_xml

_MAIN = "xl/worksheets/sheet1.xml"
_COMMENTS, _BOXES = "xl/comments1.xml", "xl/drawings/vmlDrawing1.vml"
_SAMPLE = re.compile(r'<c r="([A-Z]+)(\d+)" s="(\d+)"')
_ROW = re.compile(r'<row r="(\d+)"')
_DATA = re.compile(r"<sheetData/>|<sheetData>.*</sheetData>", re.DOTALL)
_LEVEL = 1  # half the time of the usual, for files a tenth larger


def samples(shell: zipfile.ZipFile) -> Mapping[tuple[int, int], str]:
    """Return (row, column), from 0, of the hidden sheet → the number of the look that its sample has."""
    found = _SAMPLE.findall(shell.read(_hidden(shell)).decode())
    return {(int(row) - 1, ord(column) - ord("A")): look for column, row, look in found}


def written(
    shell: zipfile.ZipFile,
    path: Path,
    header_rows: int,
    rows: Iterable[str],
    comments: Sequence[tuple[int, int, str]],
    hidden: Iterable[Sequence[str]],
) -> None:
    """Write the workbook: `rows` below the header, `comments` for those of the shell, `hidden` for its samples."""
    last = _hidden(shell)
    said, boxes = sheet_xml.comments(comments)
    hidden_rows = "".join(_hidden_row(number, line) for number, line in enumerate(hidden, start=1))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as book:
        for part in shell.infolist():
            content = shell.read(part).decode()
            if part.filename == _MAIN:
                content = _with_rows(content, header_rows, "".join(rows))
            elif part.filename == last:
                content = _DATA.sub(lambda _: f"<sheetData>{hidden_rows}</sheetData>", content)
            elif part.filename == _COMMENTS:
                content = said
            elif part.filename == _BOXES:
                content = boxes
            book.writestr(zipfile.ZipInfo(part.filename, part.date_time), content, zipfile.ZIP_DEFLATED, _LEVEL)


def _hidden(shell: zipfile.ZipFile) -> str:
    """Return the name of the last sheet's part, which is the hidden one."""
    sheets = [name for name in shell.namelist() if name.startswith("xl/worksheets/sheet")]
    return max(sheets, key=lambda name: (len(name), name))


def _with_rows(sheet: str, header_rows: int, rows: str) -> str:
    below = next((found for found in _ROW.finditer(sheet) if int(found[1]) > header_rows), None)
    at = below.start() if below else sheet.index("</sheetData>")
    return sheet[:at] + rows + sheet[at:]


def _hidden_row(number: int, line: Sequence[str]) -> str:
    cells = "".join(
        sheet_xml.text(f"{sheet_xml.letters(column)}{number}", "0", words) for column, words in enumerate(line)
    )
    return f'<row r="{number}">{cells}</row>'
