"""Files that may be gzip: a plain stream of bytes either way, with a bound on what it may grow to."""

import gzip
import zlib
from typing import BinaryIO

from jiceng_pipeline.core.errors import SourceRejected

MAX_UNPACKED = 32 << 30  # no system's daily file comes near; a bomb passes it in a few steps
MAX_RATIO = 200  # padded text packs 10 to 40 times, a bomb a thousand times
_FREE = 64 << 20  # below this size any ratio is harmless
_MAGIC = b"\x1f\x8b"


class Unpacked:
    """The bytes of `stream`, unpacked if they are gzip; a damaged or swelling file is SourceRejected."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._is_packed = stream.read(len(_MAGIC)) == _MAGIC
        self._packed, self._name, self._size = stream, name, 0
        self._plain: BinaryIO | gzip.GzipFile = stream
        self.rewind()

    def rewind(self) -> None:
        """Begin again at the first byte."""
        self._packed.seek(0)
        self._size = 0
        self._plain = gzip.GzipFile(fileobj=self._packed) if self._is_packed else self._packed

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, empty at the end."""
        if self._plain is self._packed:
            return self._packed.read(size)
        try:
            block = self._plain.read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise SourceRejected(
                "压缩文件不完整或已损坏", where=self._name, cure="请重新导出并完整传输这个文件"
            ) from None
        self._size += len(block)
        if self._size > min(MAX_UNPACKED, max(_FREE, MAX_RATIO * self._packed.tell())):
            raise SourceRejected(
                "压缩文件解开后异常巨大，已停止读取", where=self._name, cure="请核对文件来源并重新导出"
            )
        return block
