"""A drop folder: which file is the delivery, and reading it while nobody is still writing it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from jiceng_pipeline.connectors.base import Source
from jiceng_pipeline.core.errors import SourceUnreachable

PLAIN = r"^[^/\\]+$"  # a name in the folder, not a way out of it


def named(source: Source, name: str) -> Path:
    """Return the file `name` of the source's folder; raise SourceUnreachable where it is not there."""
    return _checked(source, _folder(source) / name)


def newest(source: Source, pattern: str) -> Path:
    """Return the file of the source's folder whose name sorts last among those that match `pattern`."""
    folder = _folder(source)
    found = sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))
    if not found:
        raise SourceUnreachable(f"文件夹里没有 {pattern}", where=str(folder), cure="请把文件放进这个文件夹后重试")
    return _checked(source, found[-1])


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open `path`; raise SourceUnreachable where it cannot be read or has changed when the block ends."""
    try:
        with path.open("rb") as stream:
            before = _state(stream)
            yield stream
            if _state(stream) != before or path.stat().st_ino != before[0]:
                raise SourceUnreachable(
                    "读取期间文件被改动", where=path.name, cure="等对方写完文件后重试，请先写好再改名放入"
                )
    except OSError as error:
        raise SourceUnreachable(
            f"文件读不出来（{os.strerror(error.errno) if error.errno else type(error).__name__}）",
            where=path.name,
            cure="检查文件是否还在、是否有读取权限，然后重试",
        ) from None


def _state(stream: BinaryIO) -> tuple[int, int, int]:
    status = os.fstat(stream.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns


def _folder(source: Source) -> Path:
    folder = Path(source.at("folder"))
    if not folder.is_dir():
        raise SourceUnreachable(
            "文件夹不存在", where=str(folder), cure="检查共享文件夹是否挂载，或改正 connections.yaml"
        )
    return folder


def _checked(source: Source, path: Path) -> Path:
    """Refuse what is no plain file of this folder, such as a link that leads out of it."""
    if not path.is_file() or not path.resolve().is_relative_to(_folder(source).resolve()):
        raise SourceUnreachable(
            "文件不存在", where=str(path), cure="请把文件放进这个文件夹，文件名与约定一致，然后重试"
        )
    return path
