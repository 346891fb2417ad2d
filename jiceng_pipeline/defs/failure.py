"""What reaches Dagster of an error: our own words, or a foreign error without values and without a cause.

Dagster stores every exception with its causes; a library's message may quote the data.
"""

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import dagster as dg

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import IntegrityError, JicengError, StorageFailure
from jiceng_pipeline.core.redaction import redacted
from jiceng_pipeline.core.settings import PACKAGE

T = TypeVar("T")
Note = Callable[[BaseException], None]

_INTERRUPTS = (KeyboardInterrupt, dg.DagsterExecutionInterruptedError)
_DISK_WORDS = (
    "No space left", "Disk quota", "Read-only file system", "Permission denied",
    "disk is full", "disk I/O error", "readonly database", "unable to open database file",  # as SQLite says it
)  # fmt: skip
_DAMAGE_WORDS = ("not a valid DuckDB database", "checksum", "orrupt", "Could not read enough bytes")


def guarded(where: str, body: Callable[[], T], note: Note) -> T:
    """Run `body`; what it raises is made clean, told to `note`, and raised without the original."""
    try:
        return body()
    except BaseException as error:
        failure = clean(error, where)
    note(failure)
    raise failure


def clean(error: BaseException, where: str) -> BaseException:
    """Return what may be told of `error`: a fresh JicengError of its kind, or an interrupt."""
    if any(isinstance(each, _INTERRUPTS) for each in _chain(error)):
        return dg.DagsterExecutionInterruptedError()
    if isinstance(error, JicengError):
        return type(error)(error.what, where=error.where or where, cure=error.cure)
    if isinstance(error, OSError):
        try:
            with files.storage(Path(error.filename or where)):
                raise error
        except StorageFailure as full:
            return StorageFailure(full.what, where=full.where, cure=full.cure)
        except OSError:
            pass  # not of the disk: told below
    if _speaks_of(error, _DAMAGE_WORDS):
        return IntegrityError("数据库文件已损坏", where=where, cure="运行 jiceng doctor --fix，然后再同步")
    if _speaks_of(error, _DISK_WORDS):
        return StorageFailure(
            "写不进去（磁盘已满或没有权限）", where=where, cure="腾出磁盘空间或检查权限后重试；上一版本未受影响"
        )
    return JicengError(
        f"没有料到的错误 {type(error).__name__}：{redacted(error)}",
        where=f"{where}（{_position(error)}）",
        cure="上一版本仍在使用；请把这一行告诉维护者",
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what it came from; DuckDB wraps an interrupt in an error of its own."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        yield current
        current = current.__cause__ or current.__context__


def _speaks_of(error: BaseException, words: tuple[str, ...]) -> bool:
    """Say whether a database's error is about its file, which only its words tell."""
    of_a_database = type(error).__name__ in {"IOException", "SerializationException", "OperationalError"}
    return of_a_database and any(each in str(error) for each in words)


def _position(error: BaseException) -> str:
    """Return file and line in our own code where the error came up."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(PACKAGE)
    ]
    return f"{Path(frames[-1].filename).relative_to(PACKAGE)}:{frames[-1].lineno}" if frames else "?"
