"""A workbook that somebody sends is looked at before it is believed, and read by a process that can do no harm.

Refused by its directory alone: what is no workbook, an old .xls or one with a password, macros, outside links
that carry entities, and what would unpack into something huge. The rest is read within narrow limits.
"""

import zipfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from jiceng_pipeline.connectors import workbook
from jiceng_pipeline.connectors.workbook import OLE, Limits
from jiceng_pipeline.core.errors import SourceRejected, UsageError

# A form of 3,000 people is 1 MB, 12 MB unpacked, and is read in a second within 300 MB.
LIMITS = Limits(bytes=20 << 20, unpacked=150 << 20, ratio=100, memory=2 << 30, cpu_seconds=25)
MOST_CELLS = 2_000_000
_HEAD = 4_096  # bytes of a part in which a document type would be declared
_ZIP = b"PK"
_SAVE = "请用 WPS 或 Excel 打开下载的表，另存为“Excel 工作簿（.xlsx）”后再交"

Sheets = Mapping[str, list[tuple[int, list[str]]]]  # sheet → (row from 0, the texts of its cells from column A)


def sheets(path: Path) -> Sheets:
    """Return every sheet's rows that hold anything; raise UsageError, with no value in it, for what is refused."""
    _check(path)
    found: dict[str, list[tuple[int, list[str]]]] = {}
    cells = 0
    try:
        with closing(workbook.batches(path, "every", LIMITS, merged_below=False)) as batches:
            for batch in batches:
                cells += batch.num_rows * batch.num_columns
                if cells > MOST_CELLS:
                    raise _refused("表太大", path, "只交本系统发出的表，不要在里面放别的数据")
                name = batch.schema.metadata[b"sheet"].decode()
                columns = [column.to_pylist() for column in batch.columns]
                rows = zip(*columns, strict=True)
                found.setdefault(name, []).extend((int(number) - 1, list(texts)) for number, *texts in rows)
    except SourceRejected as error:
        raise _refused(error.what, path, _SAVE) from None
    return found


def _check(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            begins = stream.read(len(OLE))
    except OSError as error:
        raise _refused(f"文件打不开（{error.strerror}）", path, "检查文件名和权限") from None
    if begins == OLE:
        raise _refused("是旧格式 .xls，或者设了打开密码", path, f"去掉打开密码。{_SAVE}")
    if begins and not begins.startswith(_ZIP):
        raise _refused("不是 Excel 工作簿", path, _SAVE)
    try:
        workbook.check_size(path, LIMITS)
    except SourceRejected as error:
        raise _refused(error.what, path, _SAVE) from None
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if any(
                name.lower().endswith((".bin", ".exe", ".dll", ".js", ".vbs")) and "printer" not in name.lower()
                for name in names
            ):
                raise _refused("带有宏或程序", path, _SAVE)
            for name in names:
                if name.endswith((".xml", ".rels")):
                    with archive.open(name) as part:
                        head = part.read(_HEAD)
                        if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                            raise _refused("带有外部引用", path, _SAVE)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError):
        raise _refused("文件不完整，或者设了密码", path, _SAVE) from None


def _refused(what: str, path: Path, cure: str) -> UsageError:
    return UsageError(f"这个文件没有收：{what}", where=path.name, cure=cure)
