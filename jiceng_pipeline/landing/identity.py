"""How a landed row is named: a keyed hash of its system and source key, the same in every pull.

Some systems key their rows by id number, so the key itself never leaves landing.
"""

from collections.abc import Sequence
from hashlib import sha256

from jiceng_pipeline.warehouse.connection import identifier, quoted

LENGTH = 32  # hex digits: 128 bits
SEPARATOR = "\x1f"  # the unit separator of ASCII, which text of people does not hold


def key_expression(columns: Sequence[str]) -> str:
    """Return the SQL for a row's key text: the key columns exactly as the source has them, null as ''."""
    return _joined([f"coalesce({identifier(name)}, '')" for name in columns])


def record_id_expression(secret: str, system: str, key: str, ordinal: str) -> str:
    """Return the SQL for a record id; `system`, `key` and `ordinal` are SQL, `secret` is the value."""
    return f"left(sha256(concat('{quoted(secret)}|', {system}, '|', {key}, '|', {ordinal})), {LENGTH})"


def row_hash_expression(columns: Sequence[str]) -> str:
    """Return the SQL for the hash of a row's content, in which null differs from ''."""
    return f"left(sha256({_joined([f'coalesce({identifier(name)}, chr(0))' for name in columns])}), {LENGTH})"


def record_id(secret: str, system: str, key: Sequence[str | None], ordinal: int = 1) -> str:
    """Return the same record id as the SQL gives, for one row."""
    text = SEPARATOR.join(value or "" for value in key)
    return sha256(f"{secret}|{system}|{text}|{ordinal}".encode()).hexdigest()[:LENGTH]


def _joined(parts: Sequence[str]) -> str:
    return f"concat_ws(chr({ord(SEPARATOR)}), {', '.join(parts)})"
