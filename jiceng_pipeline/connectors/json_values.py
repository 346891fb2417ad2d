"""What JSON holds as text, as it stands there: numbers keep their digits, true and false are those words."""

import json
from decimal import Decimal
from typing import Any

import pyarrow as pa

_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=str)


def loads(text: str) -> Any:
    """Return the JSON value `text` is, numbers exact; raise ValueError or RecursionError where it is none."""
    return _DECODER.decode(text)


def array(values: list[Any]) -> pa.Array:
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
