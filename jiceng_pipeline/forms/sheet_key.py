"""The key of a handed-out workbook: a hidden sheet that says which form it is, which row is whom, and seals both.

It holds no value of a person: entities are surrogate keys, and each cell has a keyed hash that shows whether it
was changed. The seal (HMAC-SHA-256 over every line) shows whether the key itself was.

    sheet `jiceng`   A: word   B: text …
    form … sheet     one line each: what the workbook says of itself
    column           element, title, column (from 0), role: held | filled
    row              entity, sheet, row (from 0, as handed out), state and hash of each column's cell
    seal             HMAC
"""

import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from hashlib import blake2b, sha256
from typing import Literal

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings

SHEET = "jiceng"
_FACTS = ("form", "form_version", "community", "version", "as_of", "made_date", "actor", "receipt")
_NUMBERS = {"form_version", "header_rows", "key_column", "verdict_column"}
_BYTES = 4  # of the hash of a cell: one change in four thousand million stays unseen
_EMPTY = "0" * 2 * _BYTES

KNOWN = "k"  # prefilled and fresh; locked, except in a column the community fills
VERIFY = "v"  # prefilled, but stale, in doubt or asked again for a reason: may be changed, or be found right
FILL = "f"  # nobody knows it: to be typed
NONE = "n"  # nobody knows it, and communities are not asked
Role = Literal["held", "filled"]


@dataclass(frozen=True)
class KeyColumn:
    """A column of the form. `held`: locked, prefilled where known; `filled`: by the community, perhaps prefilled."""

    element: str
    title: str
    column: int
    role: Role


@dataclass(frozen=True)
class KeyRow:
    """A row as it was handed out; `states` and `hashes` are of its cells, in the order of the key's columns."""

    entity_id: str
    sheet: str
    row: int
    states: str
    hashes: tuple[str, ...]


@dataclass(frozen=True)
class SheetKey:
    """What a workbook says of itself. `header_rows` is how many rows stand above the first row of the body.

    `key_column` (from 0) holds each row's entity in a hidden column, so that rows may be sorted; -1 where the
    department's own template leaves no room: then rows are known by the hashes of their cells, else their place.
    `verdict_column` is where 核实无误 is chosen for a row; -1 where there is none.
    """

    form: str
    form_version: int
    community: str
    version: str
    as_of: str
    made_date: str
    actor: str
    receipt: str
    header_rows: int
    key_column: int
    verdict_column: int
    columns: tuple[KeyColumn, ...]
    rows: tuple[KeyRow, ...]


def text_of(cell: object) -> str:
    """Return the one text a cell has, whether it was just read from the database or from a workbook."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int | float | Decimal):
        return f"{Decimal(str(cell)).normalize():f}"
    return str(cell).strip()


class Hasher:
    """Hashes cells with the instance's secret."""

    def __init__(self, settings: Settings) -> None:
        self._key = sha256(f"sheet cell {settings.secret}".encode()).digest()

    def cell(self, entity_id: str, element: str, cell: object) -> str:
        """Return the keyed hash of what a cell says, of whom and of what."""
        text = text_of(cell)
        if not text:
            return _EMPTY
        said = f"{entity_id}\n{element}\n{text}".encode()
        return blake2b(said, digest_size=_BYTES, key=self._key).hexdigest()


def lines(key: SheetKey, settings: Settings) -> Iterator[list[str]]:
    """Yield the lines of the hidden sheet, every cell a text."""
    said = [*_unsealed(key)]
    yield from said
    yield ["seal", _seal(said, settings)]


def read(rows: Sequence[Sequence[object]], settings: Settings, where: str) -> SheetKey:
    """Return the key a hidden sheet's cells hold; raise UsageError where it is none of ours or was changed."""
    said = [[str(cell) for cell in row if cell not in (None, "")] for row in rows]
    said = [line for line in said if line]
    cure = "请重新下载这张表，把填的内容抄过去，不要改动隐藏的工作表"
    if not said or said[-1][0] != "seal":
        raise UsageError("这个文件不是本系统发出的表", where=where, cure=cure)
    *sealed, seal = said
    if not hmac.compare_digest(seal[-1], _seal(sealed, settings)):
        raise UsageError("表里的隐藏信息被改动过，或者是别的系统发出的", where=where, cure=cure)
    facts: dict[str, str] = {}
    columns: list[KeyColumn] = []
    found: list[KeyRow] = []
    for name, *rest in sealed:
        if name == "column":
            columns.append(KeyColumn(rest[0], rest[1], int(rest[2]), "held" if rest[3] == "held" else "filled"))
        elif name == "row":
            hashes = rest[4]
            size = 2 * _BYTES
            split = tuple(hashes[at : at + size] for at in range(0, len(hashes), size))
            found.append(KeyRow(rest[0], rest[1], int(rest[2]), rest[3], split))
        else:
            facts[name] = rest[0] if rest else ""
    numbers = {name: int(facts.pop(name)) for name in _NUMBERS}
    texts = {name: facts[name] for name in _FACTS if name not in _NUMBERS}
    return SheetKey(**texts, **numbers, columns=tuple(columns), rows=tuple(found))  # type: ignore[arg-type]


def _unsealed(key: SheetKey) -> Iterator[list[str]]:
    for name in (*_FACTS, "header_rows", "key_column", "verdict_column"):
        yield [name, *filter(None, [str(getattr(key, name))])]
    for each in key.columns:
        yield ["column", each.element, each.title, str(each.column), each.role]
    for row in key.rows:
        yield ["row", row.entity_id, row.sheet, str(row.row), row.states, "".join(row.hashes)]


def _seal(said: Sequence[Sequence[str]], settings: Settings) -> str:
    secret = sha256(f"sheet seal {settings.secret}".encode()).digest()
    text = json.dumps([list(line) for line in said], ensure_ascii=False, separators=(",", ":"))
    return hmac.new(secret, text.encode(), sha256).hexdigest()
