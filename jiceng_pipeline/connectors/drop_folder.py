"""A drop folder: which file is the delivery, and reading it while nobody is still writing it."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

from jiceng_pipeline.connectors.base import Source
from jiceng_pipeline.core.errors import SourceUnreachable

_SHORT = re.compile(r"(?<!\d)\d{1,3}(?!\d)")
_DAY = re.compile(r"(?<!\d)20\d{6}(?!\d)")
PLAIN = r"^[^/\\]+$"  # a name in the folder, not a way out of it
_PASSING = (".", "~$")  # hidden, half sent, or there only while somebody has the workbook open


def named(source: Source, name: str) -> Path:
    """Return the file `name` of the source's folder; raise SourceUnreachable where it is not there."""
    plain = _folder(source) / name
    alike = (path for path in sorted(plain.parent.glob("*")) if label(path) == name)
    return _checked(source, plain if plain.exists() else next(alike, plain))


def newest(source: Source, pattern: str) -> Path:
    """Return the file of the source's folder whose name sorts last among those that match `pattern`: 10月 after 9月."""
    return _checked(source, _matching(source, pattern)[-1])


def every(source: Source, pattern: str) -> list[Path]:
    """Return all files of the source's folder that match `pattern`, by name."""
    return [_checked(source, path) for path in _matching(source, pattern)]


def newest_day(source: Source, pattern: str) -> list[Path]:
    """Return the files that match `pattern` and have the newest day, eight digits in their names."""
    found = _matching(source, pattern)
    days = {path: day[0] for path in found if (day := _DAY.search(path.name))}
    if not days:
        raise SourceUnreachable(
            "文件名里没有日期", where=_shown(found[-1]), cure="文件名请按约定带上八位日期，例如 20260501"
        )
    return [_checked(source, path) for path, day in days.items() if day == max(days.values())]


def label(path: Path) -> str:
    """Return the file's name as people read it; programs for Windows leave names in GB18030."""
    name = os.fsencode(path.name)
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("gb18030", "replace")


def _shown(path: Path) -> str:
    return str(path.with_name(label(path)))


def _matching(source: Source, pattern: str) -> list[Path]:
    folder = _folder(source)
    wanted = (path for path in folder.glob("*") if fnmatchcase(label(path), pattern))
    found = sorted((path for path in wanted if not path.name.startswith(_PASSING)), key=_order)
    if not found:
        raise SourceUnreachable(f"文件夹里没有 {pattern}", where=str(folder), cure="请把文件放进这个文件夹后重试")
    return found


def _order(path: Path) -> tuple[str, Path]:
    """Return what files are sorted by: their names, with zeros before short numbers, which many leave out."""
    return _SHORT.sub(lambda number: number[0].zfill(4), label(path)), path


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open `path`; raise SourceUnreachable where it cannot be read or has changed when the block ends."""
    try:
        with path.open("rb") as stream:
            before = _state(stream)
            yield stream
            if _state(stream) != before or path.stat().st_ino != before[0]:
                raise SourceUnreachable(
                    "读取期间文件被改动", where=label(path), cure="等对方写完文件后重试，请先写好再改名放入"
                )
    except OSError as error:
        raise SourceUnreachable(
            f"文件读不出来（{os.strerror(error.errno) if error.errno else type(error).__name__}）",
            where=label(path),
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
            "文件不存在", where=_shown(path), cure="请把文件放进这个文件夹，文件名与约定一致，然后重试"
        )
    return path
