"""Code sets (代码集): one CSV a set, found by scanning `code_sets/`: `code,name`, with `broader,unsaid` as needed.

`broader` is the code that says less of the same (SKOS), empty where none does: 12 妻 is a 10 配偶 (GB/T 4761), and
02 户主 is 01 本人 in relation to the head. `unsaid` is `yes` of a code that says nothing: 90 未说明的婚姻状况
(GB/T 2261.2).
"""

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.errors import DefinitionError

CODE_SETS = Path(__file__).with_name("code_sets")
_MORE = ("broader", "unsaid")
_HEADS = [["code", "name", *more] for more in ((), _MORE, *((each,) for each in _MORE))]


@cache
def code_sets(folder: Path = CODE_SETS) -> Mapping[str, Mapping[str, str]]:
    """Read every set below `folder`: set → code → Chinese name, in the file's order."""
    return {path.stem: {row["code"]: row["name"] for row in _rows(path)} for path in documents.files(folder, ".csv")}


@cache
def broader(name: str, folder: Path = CODE_SETS) -> Mapping[str, str]:
    """Return code → the code that says less of the same, of the codes of a set that have one."""
    return {row["code"]: row["broader"] for row in _rows(folder / f"{name}.csv") if row.get("broader")}


@cache
def unsaid(name: str, folder: Path = CODE_SETS) -> Sequence[str]:
    """Return the codes of a set that say nothing, in the file's order."""
    return tuple(row["code"] for row in _rows(folder / f"{name}.csv") if row.get("unsaid"))


def _rows(path: Path) -> Sequence[Mapping[str, str]]:
    head, *rows = list(csv.reader(documents.read_text(path).splitlines())) or [[]]
    if head not in _HEADS:
        raise DefinitionError("第一行应是 code,name，需要时再加 broader、unsaid", where=f"{path}:1", cure="补上表头")
    seen = set[str]()
    for line, row in enumerate(rows, start=2):
        if not 2 <= len(row) <= len(head) or not row[0] or row[0] in seen:
            raise DefinitionError("应是不重复的 代码,名称", where=f"{path}:{line}", cure="改正这一行")
        seen.add(row[0])
    read = [dict(zip(head, row, strict=False)) for row in rows]
    for line, each in enumerate(read, start=2):
        if (above := each.get("broader")) and above not in seen:
            raise DefinitionError(f"broader 没有代码 {above}", where=f"{path}:{line}", cure="用本代码集里有的代码")
        if each.get("unsaid", "") not in {"", "yes"}:
            raise DefinitionError("unsaid 只写 yes 或留空", where=f"{path}:{line}", cure="改正这一行")
    return read
