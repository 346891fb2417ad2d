"""Files that are whole or absent: written beside, synced, then renamed into place."""

import errno
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jiceng_pipeline.core.errors import StorageFailure

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.EFBIG}


@contextmanager
def storage(where: Path) -> Iterator[None]:
    """Turn a full disk or a missing permission into StorageFailure; other OS errors pass."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK:
            raise
        raise StorageFailure(
            f"写不进去（{os.strerror(error.errno or 0)}）",
            where=str(where),
            cure="腾出磁盘空间或检查权限后重试；上一版本未受影响",
        ) from None


def sync(path: Path) -> None:
    """Make a file's contents durable, or a folder's names, which fsync of the files alone does not."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step that survives a crash; who may read it is left to the umask."""
    with storage(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with new_file(path, mode=0o666) as draft:
        draft.write_text(text, encoding="utf-8", errors="backslashreplace")  # names of files need not be text


def write_json(path: Path, value: Any) -> None:
    """Write `value` as readable JSON with sorted keys, whole or not at all."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n")


@contextmanager
def new_file(target: Path, mode: int = 0o600) -> Iterator[Path]:
    """Yield a draft beside `target` that replaces it when the block ends well, and vanishes otherwise."""
    with storage(target):
        draft = target.with_name(f".{target.stem}.{secrets.token_hex(4)}{target.suffix}")
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
        try:
            yield draft
            sync(draft)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        sync(target.parent)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield a private folder that becomes `target` when the block ends well, and vanishes otherwise.

    Only its owner may look into it, before and after: what we write is mostly personal data.
    """
    with storage(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        draft.mkdir(mode=0o700)
        try:
            yield draft
            for path in sorted(draft.rglob("*")):
                if path.is_file():
                    sync(path)
            sync(draft)
            draft.rename(target)
            sync(target.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
