"""The rows of a form in its workbook: each cell with its look, and a comment that says whence it is and of when.

A comment stands on each prefilled cell. Every comment is a drawing of its own, and an office program needs up to a
millisecond for each: so where a sheet has more than `EVERY_CELL` of them to show, one on each row's 序号 says it for
all cells of the row, and only a cell in doubt has its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jiceng_pipeline.forms import sheet_xml, whence
from jiceng_pipeline.forms.definition import Column
from jiceng_pipeline.forms.page import Page
from jiceng_pipeline.forms.rows import Row

EVERY_CELL = 5_000
LONGEST_COMMENT = 2_000
KINDS = ("text", "day", "number")
Looks = Mapping[tuple[str, bool], tuple[str, str, str]]  # state, asked → the look of text, of a day, of a number
_LINE_HEIGHT = 16


@dataclass(frozen=True)
class Frame:
    """Where the body stands, from 0, and the looks of the cells around those of the form."""

    first_row: int
    first_column: int
    widths: Sequence[int]
    key: str
    serial: str
    verdict: str


def kind(column: Column) -> int:
    """Return which of `KINDS` a column's values are."""
    return {"date": 1, "integer": 2, "decimal": 2}.get(column.of.type, 0)


def rows(page: Page, frame: Frame, looks: Looks) -> Iterator[str]:
    """Yield the rows: key, serial number, the form's cells, an empty one for the verdict."""
    columns = page.form.columns
    places = [sheet_xml.letters(frame.first_column + at) for at in range(len(columns))]
    asked, kinds = [each.asked for each in columns], [kind(each) for each in columns]
    last = sheet_xml.letters(frame.first_column + len(columns))
    for count, row in enumerate(page.rows, start=1):
        at = frame.first_row + count
        lines = _lines(row, frame.widths)
        height = f' ht="{_LINE_HEIGHT * lines}" customHeight="1"' if lines > 1 else ""
        cells = "".join(
            [
                sheet_xml.cell(f"{place}{at}", looks[state, is_asked], of, value)
                for place, state, is_asked, of, value in zip(places, row.states, asked, kinds, row.cells, strict=True)
            ]
        )
        yield (
            f'<row r="{at}"{height}>{sheet_xml.text(f"A{at}", frame.key, row.entity_id)}'
            f'{sheet_xml.number(f"B{at}", frame.serial, count)}{cells}<c r="{last}{at}" s="{frame.verdict}"/></row>'
        )


def comments(
    page: Page, shown: Sequence[Row], first_row: int, serial: int, places: Mapping[str, int]
) -> Iterator[tuple[int, int, str]]:
    """Yield (row, column, words) of the comments of the rows of a sheet, from 0.

    `serial` is the column of the serial numbers, `places` has the column of each element that is shown.
    """
    columns = [
        (number, each.element, each.heading, places[each.element])
        for number, each in enumerate(page.form.columns)
        if each.element in places
    ]
    every = sum(len(row.cells) - row.cells.count(None) for row in page.rows) <= EVERY_CELL
    for at, row in enumerate(shown, start=first_row):
        if not every:
            yield at, serial, ("来源：" + row.sources)[:LONGEST_COMMENT]
        said = whence.by_heading(row.sources) if every else {}
        for number, element, heading, place in columns:
            words = [f"来源：{said[heading]}"] if heading in said and row.cells[number] is not None else []
            if element in row.doubts:
                words.append(row.doubts[element])
            if words:
                yield at, place, "\n".join(words)[:LONGEST_COMMENT]


def _lines(row: Row, widths: Sequence[int]) -> int:
    """Return how many lines show every text whole; a Chinese character is as wide as two digits."""
    most = 1
    for cell, width in zip(row.cells, widths, strict=True):
        if isinstance(cell, str) and 2 * len(cell) > width:
            most = max(most, -(-len(cell.encode("gb18030", "replace")) // (width - 1)))
    return most
