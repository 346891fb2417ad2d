"""The ledger's last number and hash, kept in a file of its own beside it (`ledger.head`).

It shows what a hash chain alone cannot: that events are missing at the end, because an older copy
was put back, the write-ahead log was lost, the tail was cut, or the whole file is gone. It does not
protect from somebody who may write the folder and rewrites both; the receipt numbers on packages
already handed out do. Written after the commit, so it may lag behind after a crash, never lead.
"""

import fcntl
import os
import re
from pathlib import Path

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.ledger.chain import NOTHING, Head

_LINE = re.compile(rb"(\d{20}) ([0-9a-f]{64})\n")


def read(path: Path) -> Head:
    """Return the head on record; raise IntegrityError where the file says anything else."""
    with files.storage(path):
        try:
            return _parsed(path.read_bytes(), path)
        except FileNotFoundError:
            return NOTHING


def advance(path: Path, head: Head) -> None:
    """Put `head` on record unless a later one is there; one small write in place, so never torn."""
    with files.storage(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _parsed(os.pread(handle, 200, 0), path).seq < head.seq:
                os.pwrite(handle, f"{head.seq:020d} {head.hash}\n".encode(), 0)
        finally:
            os.close(handle)


def _parsed(line: bytes, path: Path) -> Head:
    if not line:
        return NOTHING
    if match := _LINE.fullmatch(line):
        return Head(int(match[1]), match[2].decode())
    raise IntegrityError(
        "账本末号的记录已损坏",
        where=str(path),
        cure="移开这个文件，再核对账本（jiceng audit verify）；末尾是否少了几条，要与发出的回执号核对",
    )
