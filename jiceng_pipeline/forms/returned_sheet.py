"""Finding back the rows that were handed out: by the key each carries, else by what its cells say, else by its place.

Rows may have been sorted, cut, copied or inserted, columns moved, sheets renamed. A key is believed only where the
cells beside it say so too: some programs sort the columns one sees and leave the hidden one. Nothing is judged here.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jiceng_pipeline.forms import sheet_key
from jiceng_pipeline.forms.definition import plain
from jiceng_pipeline.forms.hostile import Sheets
from jiceng_pipeline.forms.intake import IDENTIFIERS
from jiceng_pipeline.forms.sheet_key import Hasher, KeyRow, SheetKey

OURS = {sheet_key.SHEET, "填表说明", "代码"}  # sheets of a workbook that hold no rows
_FOOT = ("合计", "核对", "单位负责人", "填表人", "制表", "审核", "注：", "备注：", "说明：", "填报")
_SUM = re.compile(r"-?[0-9.,]+|相符|与发出时不符")
HEADER_ROWS = 3  # of a department's own template
_HEADER_SHARE = 0.5  # of the titles that a row has to have to be the header
_LEAST_ALIKE = 0.6  # of the cells of a row that was handed out, for it to be that row
_NAMING = {element for pair in IDENTIFIERS.values() for element in pair}  # columns that say who it is


@dataclass(frozen=True)
class Found:
    """A row of the body as it came back. `key` is None where nobody was handed out there; `is_copy`: it is there twice.

    `is_typed_over`: somebody was handed out there, and its cells now name somebody else. `cells` has the text of each
    column of the form, `places` where each stands (from 0), `outside` what was typed beside the form: column → text.
    """

    sheet: str
    row: int
    key: KeyRow | None
    is_copy: bool
    is_typed_over: bool
    cells: tuple[str, ...]
    places: tuple[int, ...]
    verdict: str
    verdict_place: int
    outside: Mapping[int, str]


@dataclass(frozen=True)
class Body:
    """All rows that came back, those handed out that did not, columns not found, and sheets that are none of ours."""

    rows: tuple[Found, ...]
    missing: tuple[KeyRow, ...]
    lost: tuple[str, ...]
    strangers: tuple[str, ...]


@dataclass(frozen=True)
class _Layout:
    """Where things stand in one sheet, in the order of the key's columns; `first` is the row below the header."""

    first: int
    key_column: int
    verdict_column: int
    columns: tuple[int, ...]


def find(sheets: Sheets, key: SheetKey, hasher: Hasher, totals: Collection[str] = ()) -> Body:
    """Return the body of a workbook; `totals` are the elements that are added up below it."""
    added_up = [place for place, each in enumerate(key.columns) if each.element in totals]
    handed_out = {row.entity_id: row for row in key.rows}
    rows: list[Found] = []
    strangers: list[str] = []
    seen: set[str] = set()
    lost: dict[str, None] = {}
    for name, lines in sheets.items():
        if name in OURS or _is_key(lines):
            continue
        layout = _layout(lines, key, handed_out)
        if layout is None:
            strangers.append(name)
            continue
        places = zip(key.columns, layout.columns, strict=True)
        lost |= {column.title: None for column, place in places if place < 0 <= column.column}
        body = [(number, cells) for number, cells in lines if number >= layout.first]
        named, typed_over = _named(name, body, layout, key, hasher)
        for number, cells in body:
            row = named.get(number)
            if row is None and _is_foot(cells, layout):
                found = _foot(name, number, cells, layout, {layout.columns[place] for place in added_up})
            else:
                is_copy = row is not None and row.entity_id in seen
                found = _found(name, number, cells, layout, row, is_copy, number in typed_over)
            if row is None and not any(found.cells) and not found.outside and not found.verdict:
                continue
            if row is not None:
                seen.add(row.entity_id)
            rows.append(found)
    missing = tuple(row for row in key.rows if row.entity_id not in seen)
    return Body(tuple(rows), missing, tuple(lost), tuple(strangers))


def _is_key(lines: Sequence[tuple[int, list[str]]]) -> bool:
    """Say whether it is the hidden sheet, whatever its name is now."""
    return any(cells and cells[0] == "seal" for _, cells in lines[-1:])


def hidden(sheets: Sheets) -> list[list[str]]:
    """Return the cells of the hidden sheet, none where there is no such sheet."""
    named = sheets.get(sheet_key.SHEET)
    lines = named or next((lines for lines in sheets.values() if _is_key(lines)), [])
    return [cells for _, cells in lines]


def _layout(lines: Sequence[tuple[int, list[str]]], key: SheetKey, handed_out: Mapping[str, KeyRow]) -> _Layout | None:
    """Return where the form stands in a sheet; None where it does not."""
    titles = [each.title for each in key.columns]
    default = tuple(each.column for each in key.columns)
    for number, cells in lines:
        said = [cell.strip() for cell in cells]
        if sum(place >= 0 for place in _places(titles, said)) >= max(2, _HEADER_SHARE * len(titles)):
            if key.key_column < 0:  # a department's header may have several rows, a title in the upper of two
                above = [cells for row, cells in lines if number - HEADER_ROWS < row < number]
                said = _over(said, above)
            columns = _places(titles, said)
            own = said.index("行标识") if "行标识" in said else key.key_column
            verdict = said.index("核实情况") if "核实情况" in said else key.verdict_column
            return _Layout(number + 1, own if key.key_column >= 0 else -1, verdict, columns)
    if key.key_column < 0:
        known = {row.sheet for row in key.rows}
        is_ours = not known or any(number >= key.header_rows for number, _ in lines)
        return _Layout(key.header_rows, -1, key.verdict_column, default) if is_ours else None
    for number, cells in lines:  # the header is gone, the rows are there
        held = [place for place, cell in enumerate(cells) if cell.strip() in handed_out]
        if held:
            shift = held[0] - key.key_column
            columns = tuple(place + shift for place in default)
            return _Layout(min(number, key.header_rows), held[0], key.verdict_column + shift, columns)
    return None


def _places(titles: Sequence[str], said: Sequence[str]) -> tuple[int, ...]:
    """Return where each title stands, -1 where it does not: in its words, else but for spaces, breaks, signs."""
    same = [said.index(title) if title in said else -1 for title in titles]
    bare = {plain(text): place for place, text in reversed(list(enumerate(said))) if text and place not in same}
    return tuple(bare.get(plain(title), -1) if place < 0 else place for title, place in zip(titles, same, strict=True))


def _over(said: Sequence[str], above: Sequence[Sequence[str]]) -> list[str]:
    """Return the titles of a row; where one is empty, what stands nearest above it."""
    found = list(said)
    for cells in reversed(above):
        found += [""] * (len(cells) - len(found))
        found = [own or cell.strip() for own, cell in zip(found, [*cells, *[""] * len(found)], strict=False)]
    return found


def _found(
    sheet: str,
    number: int,
    cells: Sequence[str],
    layout: _Layout,
    row: KeyRow | None,
    is_copy: bool,
    is_typed_over: bool,
) -> Found:
    def at(place: int) -> str:
        return cells[place].strip() if 0 <= place < len(cells) else ""

    known = {*layout.columns, layout.key_column, layout.verdict_column, min(layout.columns, default=1) - 1}
    outside = {
        place: text.strip() for place, text in enumerate(cells) if place not in known and place >= 0 and text.strip()
    }
    if layout.key_column < 0:  # a department's own template may say things beside and below
        outside = {}
    return Found(
        sheet,
        number,
        row,
        is_copy,
        is_typed_over,
        tuple(map(at, layout.columns)),
        layout.columns,
        at(layout.verdict_column),
        layout.verdict_column,
        outside,
    )


def _foot(sheet: str, number: int, cells: Sequence[str], layout: _Layout, sums: Collection[int]) -> Found:
    """Return a row below the form with what was added to it: not its words, sums and marks."""
    added = {
        place: text.strip()
        for place, text in enumerate(cells)
        if text.strip() and not text.strip().startswith(_FOOT) and not (place in sums and _SUM.fullmatch(text.strip()))
    }
    empty = ("",) * len(layout.columns)
    return Found(
        sheet, number, None, False, False, empty, layout.columns, "", -1, {} if layout.key_column < 0 else added
    )


def _is_foot(cells: Sequence[str], layout: _Layout) -> bool:
    """Say whether a row is a total, a note or the line for signatures: it begins so, under the serial numbers."""
    filled = [(place, cell.strip()) for place, cell in enumerate(cells) if cell.strip()]
    if not filled or not filled[0][1].startswith(_FOOT):
        return False
    return layout.key_column < 0 or filled[0][0] not in {layout.key_column, *layout.columns}


def _named(
    sheet: str, body: Sequence[tuple[int, list[str]]], layout: _Layout, key: SheetKey, hasher: Hasher
) -> tuple[Mapping[int, KeyRow], Collection[int]]:
    """Return row → whom it is of, and the rows of somebody handed out that now name somebody else.

    The key beside a row or, where rows carry none, its place says of whom it is, unless its cells name somebody
    else; then of whom most cells still say what they said.
    """
    told = _by_key(body, layout, key) if layout.key_column >= 0 else {}
    alike = {number: _alike(cells, told[number], layout, key, hasher) for number, cells in body if number in told}
    found = {number: row for number, row in told.items() if alike[number] >= _LEAST_ALIKE}
    owned = {row.entity_id for row in found.values()}
    open_rows = [row for row in key.rows if row.entity_id not in owned]
    if layout.key_column < 0:
        open_rows = [row for row in open_rows if row.sheet == sheet] or open_rows
    _by_hash(body, layout, key, hasher, open_rows, found)
    if layout.key_column < 0:
        by_place = {row.row: row for row in open_rows}
        told = {number: by_place[number] for number, cells in body if number in by_place and _says(cells, layout)}
    typed_over = set()
    for number, cells in body:
        if number in told and number not in found:
            if _is_other(cells, told[number], layout, key, hasher):
                typed_over.add(number)
            else:
                found[number] = told[number]
    return found, typed_over


def _by_key(body: Sequence[tuple[int, list[str]]], layout: _Layout, key: SheetKey) -> Mapping[int, KeyRow]:
    handed_out = {row.entity_id: row for row in key.rows}
    texts = {number: cells[layout.key_column].strip() for number, cells in body if layout.key_column < len(cells)}
    return {number: handed_out[text] for number, text in texts.items() if text in handed_out}


def _by_hash(
    body: Sequence[tuple[int, list[str]]],
    layout: _Layout,
    key: SheetKey,
    hasher: Hasher,
    open_rows: list[KeyRow],
    found: dict[int, KeyRow],
) -> None:
    """Add to `found` the rows whose cells still say what they said, and take them out of `open_rows`."""
    for wanted in (1.0, _LEAST_ALIKE):  # those that are surely the same first
        for number, cells in body:
            if number in found or not _says(cells, layout):
                continue
            scored = ((_alike(cells, row, layout, key, hasher), row) for row in open_rows)
            best = max(scored, key=lambda pair: (pair[0], pair[1].row == number), default=(0.0, None))
            if best[1] is not None and best[0] >= wanted:
                found[number] = best[1]
                open_rows.remove(best[1])


def _says(cells: Sequence[str], layout: _Layout) -> bool:
    return any(0 <= place < len(cells) and cells[place].strip() for place in layout.columns)


def _alike(cells: Sequence[str], row: KeyRow, layout: _Layout, key: SheetKey, hasher: Hasher) -> float:
    """Return which share of the cells handed out filled still says the same; by name and number, all or none."""
    naming = list(_same(cells, row, layout, key, hasher, _NAMING))
    if len(naming) > 1 and (_name_other(naming) or all(same for _, same in naming)):
        return float(naming[0][1])
    every = [same for _, same in _same(cells, row, layout, key, hasher)]
    return sum(every) / len(every) if every else 0.0


def _is_other(cells: Sequence[str], row: KeyRow, layout: _Layout, key: SheetKey, hasher: Hasher) -> bool:
    """Say whether a row names somebody else than was handed out there."""
    return _name_other(list(_same(cells, row, layout, key, hasher, _NAMING)))


def _name_other(naming: Sequence[tuple[str, bool]]) -> bool:
    return bool(naming) and all(text and not same for text, same in naming)


def _same(
    cells: Sequence[str],
    row: KeyRow,
    layout: _Layout,
    key: SheetKey,
    hasher: Hasher,
    elements: Collection[str] | None = None,
) -> Iterator[tuple[str, bool]]:
    """Yield of each cell that was handed out filled what it says, and whether it still says the same."""
    for column, place, state, said in zip(key.columns, layout.columns, row.states, row.hashes, strict=True):
        if state in {sheet_key.KNOWN, sheet_key.VERIFY} and place >= 0 and (not elements or column.element in elements):
            text = cells[place].strip() if place < len(cells) else ""
            yield text, hasher.cell(row.entity_id, column.element, text) == said
