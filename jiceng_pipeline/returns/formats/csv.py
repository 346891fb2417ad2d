"""CSV: UTF-8 with a byte order mark and CRLF, as Excel expects, in words; no cell can become a formula.

Excel still turns long digits into rounded numbers when it opens a CSV file; clerks get xlsx.
"""

import csv
import unicodedata
from datetime import date
from pathlib import Path

from jiceng_pipeline.returns import marks
from jiceng_pipeline.returns.cut import Cut
from jiceng_pipeline.standard.register import element

_BATCH = 10_000
_TRIGGERS = frozenset("=+-@\u2212")  # what starts a formula, after NFKC folds full-width and small forms
_CONTROL = frozenset("\t\r\n\0")


def write(cut: Cut, path: Path) -> int:
    """Write the rows under a line of Chinese headers and return how many there are."""
    result = cut.connection.execute(cut.words(marked=True))
    rows = 0
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        # every text is quoted, so that no spreadsheet splits it at another separator
        writer = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
        last = [element(marks.COLUMN)] if cut.can_be_marked else []
        writer.writerow([inert(each.title) for each in (*cut.elements, *last)])
        while batch := result.fetchmany(_BATCH):
            writer.writerows([_cell(value) for value in row] for row in batch)
            rows += len(batch)
    return rows


def _cell(value: object) -> object:
    if isinstance(value, str):
        return inert(value)
    return value.isoformat() if isinstance(value, date) else value


def inert(text: str) -> str:
    """Return `text`, with an apostrophe in front where a spreadsheet would take it for a formula."""
    seen = text.lstrip(" \u00a0\u200b\u200c\u200d\u2060\u3000\ufeff")
    if not seen or (text[0] not in _CONTROL and seen[0] not in _CONTROL and not _starts_formula(seen[0])):
        return text
    return "'" + text


def _starts_formula(sign: str) -> bool:
    return unicodedata.normalize("NFKC", sign) in _TRIGGERS
