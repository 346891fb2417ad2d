"""Whose data stand in an answer: everything that belongs to one community alone, looked for in all that comes back.

A marker is a value that rows of just one community have: surrogate keys, id numbers, credit codes, phones, addresses,
names of people and of enterprises. Workbooks, archives and Parquet files are opened; their compressed bytes would
show nothing.
"""

import io
import re
import zipfile

import pyarrow.parquet

from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

_COLUMNS = {
    "resident_register": (
        "resident_id", "citizen_id", "phone", "name", "dwelling_address", "registered_address", "household_id",
    ),
    "household_register": ("household_id", "head_name", "head_phone", "household_address"),
    "enterprise_register": (
        "enterprise_id", "enterprise_name", "unified_social_credit_code", "phone", "business_address",
        "legal_representative_name",
    ),
    "dwelling_register": ("address_id", "standard_address"),
}  # fmt: skip
# who is registered in one community and lives in another is told to both, each learns the key and a masked name
_OF_BOTH = """select resident_id, community_code from light_apps.registered_here_living_elsewhere
    union select resident_id, community_code from light_apps.living_here_registered_elsewhere"""
_SHORTEST = 3  # a name of two signs may be any word
_WORDS = re.compile(r"[^<>\"'&;：，、,=/\\\s　{}\[\]()（）|]+")
_NODES = re.compile(r"[>\"]([^<>\"]{3,120})[<\"]")


class Markers:
    """Every marker with the community it belongs to."""

    def __init__(self, settings):
        owners = {}
        with connect(publish.find(settings).database, settings=settings, read_only=True) as connection:
            for table, columns in _COLUMNS.items():
                for column in columns:
                    for value, code in connection.execute(
                        f"select distinct cast({column} as varchar), community_code from returned.{table}"
                    ).fetchall():
                        if value and len(value) >= _SHORTEST:
                            owners.setdefault(value, set()).add(code)
            for value, code in connection.execute(_OF_BOTH).fetchall():
                owners.setdefault(value, set()).add(code)
        self.owner = {value: next(iter(codes)) for value, codes in owners.items() if len(codes) == 1}

    def foreign(self, text, divisions, asked=""):
        """Return the markers in a text of communities outside the divisions; what was asked with may be repeated."""
        words = {*_WORDS.findall(text), *map(str.strip, _NODES.findall(text))}
        return {
            word
            for word in words & self.owner.keys()
            if word not in asked and not any(self.owner[word].startswith(code) for code in divisions)
        }


def text_of(answer):
    """Return all text of an answer: of a file, what is in it."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return _text(content)


def _text(content):
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = [archive.read(name) for name in archive.namelist()]
        return "\n".join(map(_text, parts))
    if content.startswith(b"PAR1"):
        table = pyarrow.parquet.read_table(io.BytesIO(content))
        return "\n".join(str(value) for column in table.columns for value in column.to_pylist() if value is not None)
    return content.decode("utf-8", errors="replace")
