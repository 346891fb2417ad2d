"""XML exports: one element a record, streamed; entities, DTDs and anything off this machine are refused."""

import codecs
import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from itertools import compress, islice
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
from lxml import etree
from pydantic import Field

from jiceng_pipeline.connectors import base, columns, drop_folder, encoding
from jiceng_pipeline.connectors.ahead import ahead
from jiceng_pipeline.connectors.base import Extract, Reject, Source
from jiceng_pipeline.connectors.json_values import by_name
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.core.errors import DefinitionError, SourceRejected
from jiceng_pipeline.core.redaction import redacted

_DECLARED = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_NIL = f"{_INSTANCE}nil"
_REPEATED = ""
_BATCH_ROWS = base.BATCH_ROWS // 5  # each waits as a dict, which takes more room than a row of Arrow
_HARDENED = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
Attributes = Iterable[tuple[str, str]]
_CURE = "请重新导出并完整传输这个文件"


class Options(Document):
    """Which file of the `folder`, which element is a record, and where in it the columns are."""

    file: str = Field(pattern=drop_folder.PLAIN, description="name of the file")
    record: str = Field(min_length=1, description="name of a record's element, without namespace")
    fields: dict[str, str] = Field(min_length=1, description="column → path in the record: a/b, @attr, a/@attr")


def read(source: Source, options: Options) -> Extract:
    """Return the file's records; `_row` counts them. A missing element is null, an empty one ''.

    Raises SourceRejected where the file is cut short, has a DTD, or holds an element no field names.
    """
    if set(options.fields) != set(source.columns):
        raise DefinitionError(
            "fields 与登记的列不一致", where=f"合同 {source.system}", cure="让 fields 与 columns、ignored 的列一致"
        )
    path = drop_folder.named(source, options.file)
    extract = Extract(source_bytes=path.stat().st_size)
    extract.batches = _batches(path, source, options, extract)
    return extract


def _batches(path: Path, source: Source, options: Options, extract: Extract) -> Iterator[pa.RecordBatch]:
    column_of = {place: column for column, place in options.fields.items()}
    seen: dict[str, None] = {}
    count, name = 0, drop_folder.label(path)
    with (
        drop_folder.reading(path) as stream,
        closing(ahead(_parts(_records(stream, name, options.record)))) as parts,
    ):
        for rows in parts:
            found = by_name(rows)
            seen |= dict.fromkeys(found)
            seen.pop(_REPEATED, None)
            place_of = {source.renames.get(p, column_of.get(p, p)): p for p in seen}
            if len(place_of) < len(seen) or not place_of.keys() <= set(source.columns):
                break
            numbers = np.arange(count + 1, count + len(rows) + 1)
            count += len(rows)
            if _REPEATED in found:
                single = np.array([mark is None for mark in found[_REPEATED]])
                extract.rejects += [
                    Reject(name, int(number), "同一个元素在记录里出现了两次") for number in numbers[~single]
                ]
                numbers, found = numbers[single], by_name(list(compress(rows, single)))
            nothing = [None] * len(numbers)
            texts = [found.get(place_of.get(column, ""), nothing) for column in source.columns]
            values = [pa.array(each, pa.string()) for each in texts]
            yield base.batch(source.columns, name, pa.array(numbers), values)
        if seen:
            names = columns.matched((column_of.get(place, place) for place in seen), source, name)
            extract.notes |= columns.renamed(names)


def _parts(records: Iterator[dict[str, str]]) -> Generator[list[dict[str, str]], None, None]:
    while rows := list(islice(records, _BATCH_ROWS)):
        yield rows


def _records(stream: BinaryIO, name: str, record: str) -> Iterator[dict[str, str]]:
    """Yield each record as path → text, with `_REPEATED` in it where a path occurs twice."""
    try:
        events = etree.iterparse(_Utf8(stream, name), tag=f"{{*}}{record}", encoding="utf-8", **_HARDENED)
        is_first = True
        for _, element in events:
            if is_first and element.getroottree().docinfo.doctype:  # it stands before the first element or nowhere
                raise SourceRejected("含有 DTD，出于安全不予读取", where=name, cure="请导出不带 DOCTYPE 的 XML")
            is_first = False
            yield _texts(element)
            element.clear()
            while (passed := element.getprevious()) is not None:
                passed.getparent().remove(passed)
    except etree.XMLSyntaxError as error:
        raise SourceRejected(
            f"不是完整的 XML（{redacted(error.msg)}）", where=f"{name} 第 {error.lineno or 0} 行", cure=_CURE
        ) from None


def _texts(record: etree._Element) -> dict[str, str]:
    """Return path → text of a record. Most are a row of plain elements, which one pass takes."""
    plain = {
        child.tag: child.text or ""
        for child in record
        if not len(child) and not child.items() and ((tail := child.tail) is None or tail.isspace())
    }
    if len(plain) == len(record) and not record.items() and "{" not in "".join(plain):
        return plain
    texts = {f"@{attribute}": value for attribute, value in cast("Attributes", record.items())}
    _fill(texts, record, "")
    return texts


def _fill(texts: dict[str, str], parent: etree._Element, path: str) -> None:
    """Add path and text of everything below `parent` that holds text. The inner loop: kept plain."""
    for child in parent:
        place = child.tag
        if place[0] == "{":
            place = place.rpartition("}")[2]
        if path:
            place = path + place
        text, inside = child.text, len(child)
        if inside:
            _fill(texts, child, f"{place}/")
        if attributes := child.items():
            inside = _take(texts, cast("Attributes", attributes), place) or inside
        if place in texts:
            texts[_REPEATED] = ""
        if not inside:
            texts[place] = text or ""
        elif text and text.strip():
            texts[place] = text
        if (tail := child.tail) and not tail.isspace():
            texts[f"{path}text()"] = tail


def _take(texts: dict[str, str], attributes: Attributes, place: str) -> bool:
    """Add an element's attributes and return whether one says that it has no value, so not an empty one either."""
    is_nil = False
    for name, value in attributes:
        if name == _NIL:
            is_nil = True
        elif not name.startswith(_INSTANCE):
            texts[f"{place}/@{name}"] = value
    return is_nil


class _Utf8:
    """The stream as UTF-8. Only lxml reads it; Python decodes, as libxml2's GBK lacks real names."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        codec = _codec(stream)
        if codec is None:
            raise SourceRejected("文字编码无法识别（不是 UTF-8，也不是 GB18030）", where=name, cure=_CURE)
        self._stream, self._name = stream, name
        self._decoder = None if codec == "utf-8" else codecs.getincrementaldecoder(codec)()

    def read(self, size: int) -> bytes:
        """Return about `size` bytes, empty at the end."""
        if self._decoder is None:
            return self._stream.read(size)
        while block := self._stream.read(size):
            if text := self._decoder.decode(block):
                return text.encode()
        return self._decoder.decode(b"", True).encode()


def _codec(stream: BinaryIO) -> str | None:
    """Return what the file declares where that is neither UTF-8 nor a Chinese one, else what fits."""
    declared = _DECLARED.match(stream.read(200))
    try:
        codec = codecs.lookup(declared[1].decode()).name if declared else "utf-8"
    except LookupError:
        return None
    if codec not in ("utf-8", "ascii", "gb2312", "gbk", "gb18030"):
        stream.seek(0)
        return codec
    return encoding.detected(stream)
