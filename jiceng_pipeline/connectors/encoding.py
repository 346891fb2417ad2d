"""How bytes become text: byte order mark, else strict UTF-8, else GB18030, never GBK.

GBK cannot hold 䶮 or 𠮷, which stand in real names. A source known to use something else says so
in its contract. Python's codecs do the work: they are strict and right at every buffer boundary.
"""

import codecs
from collections.abc import Iterator
from typing import BinaryIO, Protocol

BLOCK = 1 << 20
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# what Python's codecs say of the end of a text that was not the end of a sign
_CUT_OFF = ("unexpected end of data", "incomplete multibyte sequence", "truncated data")


class Readable(Protocol):
    """What gives bytes: a file, or one being unpacked."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, empty at the end."""
        ...


def detected(stream: BinaryIO) -> str | None:
    """Return the codec of the rule that reads the whole stream, or None; the stream is rewound."""
    stream.seek(0)
    return next((codec for codec in _candidates(stream.read(4)) if _reads(stream, codec)), None)


def is_utf8(stream: Readable) -> bool:
    """Return whether the rest of the stream is strict UTF-8, or was until it was cut off inside a sign."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_plain = True  # of plain ASCII alone what is half a sign of the one may be a sign of the other
    try:
        while block := stream.read(BLOCK):
            is_plain = decoder.decode(block).isascii() and is_plain
        decoder.decode(b"", True)
    except UnicodeDecodeError as error:
        return is_cut_off(error) and not is_plain
    return True


def is_cut_off(error: UnicodeError) -> bool:
    """Return whether text could not be read because it ends inside a sign."""
    return isinstance(error, UnicodeDecodeError) and error.reason in _CUT_OFF


def utf8(stream: Readable, codec: str, size: int = BLOCK) -> Iterator[bytes]:
    """Yield the rest of the stream as UTF-8, without its byte order mark; raise UnicodeDecodeError."""
    decoder = codecs.getincrementaldecoder(codec)()
    is_first = True
    while True:
        block = stream.read(size)
        text = decoder.decode(block, not block)
        if text and is_first:
            text, is_first = text.removeprefix("\ufeff"), False
        if text:
            yield text.encode()
        if not block:
            return


def marked(start: bytes) -> str | None:
    """Return the codec a byte order mark at the `start` names, None where there is none."""
    return next((codec for mark, codec in _MARKS.items() if start.startswith(mark)), None)


def decoded(data: bytes) -> str:
    """Return `data` as text by the rule; raise UnicodeDecodeError where no codec of it fits."""
    *first, last = _candidates(data)
    for codec in first:
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return data.decode(last)


def _candidates(start: bytes) -> tuple[str, ...]:
    named = marked(start)
    return (named,) if named else ("utf-8", "gb18030")


def _reads(stream: BinaryIO, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    stream.seek(0)
    try:
        while block := stream.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    finally:
        stream.seek(0)
    return True
