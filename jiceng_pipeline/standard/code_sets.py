"""Code sets (代码集): one CSV a set, `code,name`; found by scanning `code_sets/`."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.errors import DefinitionError

CODE_SETS = Path(__file__).with_name("code_sets")


@cache
def code_sets(folder: Path = CODE_SETS) -> Mapping[str, Mapping[str, str]]:
    """Read every set below `folder`: set → code → Chinese name, in the file's order."""
    return {path.stem: _read(path) for path in documents.files(folder, ".csv")}


def _read(path: Path) -> Mapping[str, str]:
    rows = list(csv.reader(documents.read_text(path).splitlines()))
    if not rows or rows[0] != ["code", "name"]:
        raise DefinitionError("第一行应是 code,name", where=f"{path}:1", cure="补上表头")
    found: dict[str, str] = {}
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != 2 or not row[0] or row[0] in found:
            raise DefinitionError("应是不重复的 代码,名称", where=f"{path}:{line}", cure="改正这一行")
        found[row[0]] = row[1]
    return found
