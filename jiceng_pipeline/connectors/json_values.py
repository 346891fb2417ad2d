"""What JSON holds as text, as it stands there: numbers keep their digits, true and false are those words."""

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

NO_RECORD = "不是一条记录（应为 JSON 对象），或含有不是文字的字符"
_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=str)
_BLANK = " \t\n\r"  # of JSON
_ODD = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")  # may be a NUL, or half of a character
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


def loads(text: str) -> Any:
    """Return the JSON value `text` is, numbers exact; raise ValueError or RecursionError where it is none."""
    try:
        value, end = _DECODER.raw_decode(text)
    except ValueError:
        return _DECODER.decode(text)  # blank before it, or no JSON: then this says so
    return _DECODER.decode(text) if text[end:].strip(_BLANK) else value


def may_be_odd(text: str) -> bool:
    """Return whether JSON text has escapes that may stand for what is no text: look closer with `is_text`."""
    return _ODD.search(text) is not None


def is_text(value: Any) -> bool:
    """Return whether all text in a JSON value is text: no NUL, no half of a character."""
    match value:
        case str():
            return _NO_TEXT.search(value) is None
        case dict():
            return all(is_text(name) and is_text(inner) for name, inner in value.items())
        case list():
            return all(map(is_text, value))
    return True


def by_name(records: Sequence[dict[str, Any]]) -> dict[str, Sequence[Any]]:
    """Return name → its value in each record, None where a record lacks it; names as they first come."""
    shapes = dict.fromkeys(map(tuple, records))
    if len(shapes) == 1:  # as nearly always: then the values lie side by side
        return dict(zip(*shapes, zip(*(record.values() for record in records), strict=True), strict=True))
    return {
        name: [record.get(name) for record in records]
        for name in dict.fromkeys(name for shape in shapes for name in shape)
    }


def array(values: Sequence[Any]) -> pa.Array:
    """Return values as text: null is null, anything nested is its JSON text."""
    try:
        return pa.array(values, pa.string())
    except pa.ArrowException:
        return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)
