"""A workbook that nobody vouches for: its directory is looked at first, then a limited process reads its sheets."""

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

from jiceng_pipeline.connectors import drop_folder, sheets
from jiceng_pipeline.core.errors import SourceRejected

_FREE = 16 << 20
OLE = b"\xd0\xcf\x11\xe0"  # how an .xls, or an .xlsx with a password, begins
_CURE = "请用 Excel 打开检查，另存为 .xlsx 后重新放入"


@dataclass(frozen=True)
class Limits:
    """What reading a workbook may take; those of a department's list of a million rows.

    `ratio` is of one part beyond 16 MB: sheets pack 10 to 30 times, a bomb 300 and more. A full sheet of a
    million rows is about 0.8 GB of XML and takes about 1.5 GB to read.
    """

    bytes: int = 256 << 20
    unpacked: int = 2 << 30
    ratio: int = 100
    memory: int = 4 << 30
    cpu_seconds: int = 600


DEPARTMENT = Limits()


def check_size(path: Path, limits: Limits = DEPARTMENT) -> None:
    """Refuse by its directory alone a file that would unpack into something huge."""
    name = drop_folder.label(path)
    with drop_folder.reading(path) as stream:
        if stream.read(len(OLE)) == OLE:  # not packed
            parts = []
        else:
            try:
                with zipfile.ZipFile(stream) as archive:
                    parts = [(part.file_size, part.compress_size) for part in archive.infolist()]
            except (zipfile.BadZipFile, ValueError, NotImplementedError):
                raise SourceRejected("不是完整的 Excel 工作簿", where=name, cure=_CURE) from None
    swollen = any(size > max(_FREE, limits.ratio * packed) for size, packed in parts)
    if swollen or sum(size for size, _ in parts) > limits.unpacked or path.stat().st_size > limits.bytes:
        raise SourceRejected(
            "工作簿解开后异常巨大，已拒绝读取", where=name, cure="请核对文件来源；确实很大的，拆成几个文件"
        )


def batches(
    path: Path, wanted: str, limits: Limits = DEPARTMENT, *, merged_below: bool = True
) -> Generator[pa.RecordBatch]:
    """Yield what the sheets `wanted` hold (`every`, `first` or a JSON list of names), as `sheets` writes it.

    `merged_below`: a merged cell's value counts for every row it covers. Raise SourceRejected where the file
    is no workbook, has a password or takes more than the limits. Who stops half-way closes it.
    """
    command = [sys.executable, "-m", "jiceng_pipeline.connectors.sheets", str(path), wanted]
    command += [str(limits.memory), str(limits.cpu_seconds), "merged" if merged_below else "single"]
    with (
        drop_folder.reading(path),
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said) as child,
    ):
        try:
            yield from _received(child, said, drop_folder.label(path))
        finally:
            child.kill()


def _received(child: "subprocess.Popen[bytes]", said: IO[bytes], file: str) -> Iterator[pa.RecordBatch]:
    """Yield what the reading process sends, then see whether it ended well."""
    pipe = cast(BufferedReader, child.stdout)
    whole = False
    try:
        while pipe.peek(1):
            with pa.ipc.open_stream(pipe) as stream:
                yield from stream
        whole = True
    except (pa.ArrowException, OSError):
        pass  # it broke off; its exit code says more
    code = child.wait()
    if code == sheets.FAILED:
        said.seek(0)
        raise SourceRejected(**json.loads(said.read()), where=file)
    if code or not whole:
        raise SourceRejected("工作簿损坏，或需要的内存和时间超过上限", where=file, cure=_CURE)
