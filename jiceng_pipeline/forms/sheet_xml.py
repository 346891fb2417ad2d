"""Cells, rows and comments as SpreadsheetML, written straight from the values: what the thousands of rows cost.

Text is always text: nothing here becomes a formula or a link. Comments need two parts, what they say and, as VML,
the box each is shown in.
"""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache

from xlsxwriter.utility import xl_col_to_name

LONGEST_TEXT = 32_767
_ODD = re.compile(r"[&<>\"\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_ZERO_DAY = date(1899, 12, 30)
_FIRST_DAY = date(1900, 3, 1)  # Excel counts no days before 1900 and one too many in February
_SHAPES_OF_AN_ID = 1_024
_VML = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{}"/>'
    '</o:shapelayout><v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" '
    'path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/>'
    "</v:shapetype>"
)
_COMMENTS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors><author></author></authors>'
    "<commentList>"
)


def escaped(text: str) -> str:
    """Return text as it stands in XML; control characters as Excel writes them."""
    if not _ODD.search(text):
        return text
    return _ODD.sub(lambda found: _ENTITIES.get(found[0]) or _control(found[0]), text)


def _control(found: str) -> str:
    return f"_x005F{found}" if len(found) > 1 else f"_x{ord(found):04X}_"


def text(place: str, look: str, said: str) -> str:
    """Return a cell with text; `place` is A1, `look` the number of its format."""
    kept = ' xml:space="preserve"' if said[:1].isspace() or said[-1:].isspace() else ""
    return f'<c r="{place}" s="{look}" t="inlineStr"><is><t{kept}>{escaped(said[:LONGEST_TEXT])}</t></is></c>'


def number(place: str, look: str, value: float) -> str:
    """Return a cell with a number."""
    return f'<c r="{place}" s="{look}"><v>{value:.16G}</v></c>'


def cell(place: str, looks: tuple[str, str, str], kind: int, value: object) -> str:
    """Return a cell of any value; `looks` are those of text, day and number, `kind` which of them an empty one has."""
    if value is None:
        return f'<c r="{place}" s="{looks[kind]}"/>'
    if isinstance(value, str):
        return text(place, looks[0], value)
    if isinstance(value, date):
        if value >= _FIRST_DAY:
            return f'<c r="{place}" s="{looks[1]}"><v>{(value - _ZERO_DAY).days}</v></c>'
        return text(place, looks[0], value.isoformat())
    if isinstance(value, int | float | Decimal):
        return number(place, looks[2], float(value))
    return text(place, looks[0], str(value))


@lru_cache(256)
def letters(column: int) -> str:
    """Return the letters of a column, from 0."""
    return str(xl_col_to_name(column))


def comments(said: Sequence[tuple[int, int, str]]) -> tuple[str, str]:
    """Return both parts of a sheet's comments: of each its row and column, from 0, and what it says."""
    told, boxes = [_COMMENTS], [_VML.format(",".join(map(str, range(1, len(said) // _SHAPES_OF_AN_ID + 2))))]
    for count, (row, column, words) in enumerate(said, start=1):
        told.append(
            f'<comment ref="{letters(column)}{row + 1}" authorId="0"><text><t xml:space="preserve">{escaped(words)}'
            "</t></text></comment>"
        )
        width, lines = (360, 6) if len(words) > 60 else (220, 3)
        boxes.append(
            f'<v:shape id="_x0000_s{_SHAPES_OF_AN_ID + count}" type="#_x0000_t202" style="position:absolute;'
            f'margin-left:60pt;margin-top:2pt;width:{width}px;height:{15 * lines}px;visibility:hidden" '
            'fillcolor="#ffffe1" o:insetmode="auto"><v:textbox style="mso-direction-alt:auto"/>'
            '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:AutoFill>False</x:AutoFill>'
            f"<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
        )
    return "".join(told) + "</commentList></comments>", "".join(boxes) + "</xml>"
