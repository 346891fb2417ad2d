"""How a file of text gets here: from a drop folder or as the export of an interface, packed or plain."""

import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from jiceng_pipeline.connectors import drop_folder, encoding
from jiceng_pipeline.connectors.base import Source
from jiceng_pipeline.connectors.gzipped import Unpacked
from jiceng_pipeline.connectors.http_client import Client, Patience
from jiceng_pipeline.core.errors import SourceRejected

CURE = "请按约定格式重新导出，完整传输后重试"
_END = b"\x1a"
_MARK = 4  # bytes of the longest byte order mark


class Place(Patience):
    """Which file of the `folder`, or which export below `url`; one of the three."""

    file: str | None = Field(None, pattern=drop_folder.PLAIN, description="name of the file")
    files: str | None = Field(
        None, pattern=drop_folder.PLAIN, description="pattern of file names; the one that sorts last is read"
    )
    path: str | None = Field(None, min_length=1, description="path of the export")
    encoding: Literal["utf-8", "gb18030", "utf-16"] | None = Field(
        None, description="of the text; without it: byte order mark, else UTF-8, else GB18030, strictly"
    )
    parameters: dict[str, str] = Field({}, description="query parameters of the export")

    @model_validator(mode="after")
    def _one_place(self) -> "Place":
        if [self.file, self.files, self.path].count(None) != 2:
            raise ValueError("file、files、path 须写其中一个")
        return self


@dataclass(frozen=True)
class Delivery:
    """A file being read: its name, its size as it lies there, and its bytes, unpacked."""

    name: str
    size: int
    stream: Unpacked


@contextmanager
def opened(source: Source, place: Place) -> Iterator[Delivery]:
    """Open what `place` names; raise SourceUnreachable or SourceRejected.

    An export is fetched whole before it is read, into a file without a name: an attempt that broke off
    leaves nothing, and neither does a killed process.
    """
    if place.path is None:
        path = drop_folder.newest(source, place.files) if place.files else drop_folder.named(source, str(place.file))
        with lying(path) as delivered:
            yield delivered
        return
    with tempfile.TemporaryFile() as spool:
        with Client(source, place, accept="*/*") as client:
            client.download(place.path, place.parameters, place.path, spool)
        size = spool.tell()
        spool.seek(0)
        yield Delivery(place.path, size, Unpacked(spool, place.path))


@contextmanager
def lying(path: Path) -> Iterator[Delivery]:
    """Open a file of a drop folder."""
    name = drop_folder.label(path)
    with drop_folder.reading(path) as stream:
        yield Delivery(name, path.stat().st_size, Unpacked(stream, name))


def texts(delivered: Delivery, codec: str | None, size: int) -> Generator[bytes, None, None]:
    """Yield the file as UTF-8, about `size` bytes at a time; raise SourceRejected for what is no text.

    The sign with which programs for DOS end a text is no part of it.
    """
    stream, rule = delivered.stream, codec or "UTF-8，也不是 GB18030"
    codec = codec or encoding.marked(stream.read(_MARK))
    if codec is None:
        stream.rewind()
        codec = "utf-8" if encoding.is_utf8(stream) else "gb18030"
    stream.rewind()
    ends = b""
    try:
        for text in encoding.utf8(stream, codec, size):
            if b"\0" in text:
                raise SourceRejected("文件里有空字符（NUL），不是文本或已损坏", where=delivered.name, cure=CURE)
            said = (ends + text).rstrip(_END)
            ends = (ends + text)[len(said) :]
            if said:
                yield said
    except UnicodeError as error:
        if encoding.is_cut_off(error):
            raise SourceRejected("文件在一个字的中间结束，没有传完", where=delivered.name, cure=CURE) from None
        raise SourceRejected(f"文字编码无法识别（不是 {rule}）", where=delivered.name, cure=CURE) from None
