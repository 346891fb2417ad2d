"""Filling and spoiling a workbook the way people do."""

from contextlib import contextmanager

import openpyxl

HEADER = 4  # the row of the header, counted from 1
FIRST = HEADER + 1


@contextmanager
def opened(path):
    """Yield (sheet, title → column number) of the first sheet, and save the workbook afterwards."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    yield sheet, {cell.value: cell.column for cell in sheet[HEADER] if cell.value}
    book.save(path)


def body(sheet):
    """Return the rows of the body as lists of values, those that carry a key."""
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST) if row[0].value]


def put(sheet, rows):
    """Write rows over the body from its first row on, and clear what is left of it."""
    height = len(body(sheet))
    for number in range(max(height, len(rows))):
        values = rows[number] if number < len(rows) else [None] * sheet.max_column
        for column, value in enumerate(values, 1):
            sheet.cell(FIRST + number, column).value = value
