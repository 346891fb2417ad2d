"""Code sets (代码集): one CSV a set, found by scanning `code_sets/`: `code,name`, or `code,name,broader`.

`broader` is the code that says less of the same (SKOS), empty where none does: 12 妻 is a 10 配偶 (GB/T 4761), and
02 户主 is 01 本人 in relation to the head.
"""

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.errors import DefinitionError

CODE_SETS = Path(__file__).with_name("code_sets")


@cache
def code_sets(folder: Path = CODE_SETS) -> Mapping[str, Mapping[str, str]]:
    """Read every set below `folder`: set → code → Chinese name, in the file's order."""
    return {
        path.stem: {code: title for _, (code, title, *_) in _rows(path)} for path in documents.files(folder, ".csv")
    }


@cache
def broader(name: str, folder: Path = CODE_SETS) -> Mapping[str, str]:
    """Return code → the code that says less of the same, of the codes of a set that have one."""
    return {code: above[0] for _, (code, _, *above) in _rows(folder / f"{name}.csv") if above and above[0]}


def _rows(path: Path) -> Sequence[tuple[int, Sequence[str]]]:
    """Return the rows of a set with their lines."""
    head, *rows = list(csv.reader(documents.read_text(path).splitlines())) or [[]]
    if head not in (["code", "name"], ["code", "name", "broader"]):
        raise DefinitionError("第一行应是 code,name 或 code,name,broader", where=f"{path}:1", cure="补上表头")
    seen, numbered = set[str](), list(enumerate(rows, start=2))
    for line, row in numbered:
        if not 2 <= len(row) <= len(head) or not row[0] or row[0] in seen:
            raise DefinitionError("应是不重复的 代码,名称", where=f"{path}:{line}", cure="改正这一行")
        seen.add(row[0])
    for line, (_, _, *above) in numbered:
        if above and above[0] and above[0] not in seen:
            raise DefinitionError(f"broader 没有代码 {above[0]}", where=f"{path}:{line}", cure="用本代码集里有的代码")
    return numbered
