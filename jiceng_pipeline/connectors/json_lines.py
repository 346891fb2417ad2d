"""JSON Lines from a drop folder or an HTTP export: one object a line, nested values by their path."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, model_validator

from jiceng_pipeline.connectors import base, columns, delivery, drop_folder, json_values
from jiceng_pipeline.connectors.ahead import ahead
from jiceng_pipeline.connectors.base import Extract, Reject, Source
from jiceng_pipeline.connectors.delivery import Delivery
from jiceng_pipeline.connectors.json_shape import Shape
from jiceng_pipeline.core.errors import DefinitionError, SourceRejected

_BLOCK = 4 << 20
_LONGEST = 1 << 20  # bytes of a line
Numbers = npt.NDArray[np.int64]


class Options(delivery.Place):
    """Which file or files, and where in an object the columns are."""

    parts: bool = Field(False, description="read every file of `files` that has the newest day in its name")
    fields: dict[str, str] | None = Field(
        None, min_length=1, description="column → path in the object: a/b; without it columns are its names"
    )

    @model_validator(mode="after")
    def _parts_of_files(self) -> "Options":
        if self.parts and not self.files:
            raise ValueError("parts 须与 files 同用")
        return self


def read(source: Source, options: Options) -> Extract:
    """Return the objects; `_row` is the line. JSON null or a missing name is null.

    Numbers keep their digits, true and false are those words, anything nested that no path enters is its
    JSON text. A line that is no object is a Reject. Raises SourceRejected where the last line is cut off.
    """
    if options.fields is not None and set(options.fields) != set(source.columns):
        raise DefinitionError(
            "fields 与登记的列不一致", where=f"合同 {source.system}", cure="让 fields 与 columns、ignored 的列一致"
        )
    extract = Extract()
    extract.batches = _batches(source, options, extract)
    return extract


def _batches(source: Source, options: Options, extract: Extract) -> Iterator[pa.RecordBatch]:
    shape = Shape(source, options.fields)
    for opening in _deliveries(source, options):
        with opening as delivered, closing(_blocks(delivered, options)) as blocks:
            extract.source_bytes += delivered.size
            count = 0
            for block, is_cut_off in blocks:
                records, numbers = _records(block, count, delivered.name, extract, is_cut_off=is_cut_off)
                count += block.count(b"\n") + 1
                places, numbers = _whole(*shape.values(records), numbers, delivered.name, extract)
                if len(numbers):
                    shape.see(places, delivered.name)
                    nothing = pa.nulls(len(numbers), pa.string())
                    values = [places.get(place, nothing) for place in shape.order()]
                    yield base.batch(source.columns, delivered.name, pa.array(numbers), values)
    if shape.seen:
        extract.notes |= columns.renamed(shape.matched(options.path or options.files or str(options.file)))


def _deliveries(source: Source, options: Options) -> Iterator[AbstractContextManager[Delivery]]:
    if options.parts:
        yield from map(delivery.lying, drop_folder.newest_day(source, str(options.files)))
    else:
        yield delivery.opened(source, options)


def _blocks(delivered: Delivery, options: Options) -> Generator[tuple[bytes, bool], None, None]:
    """Yield whole lines a block at a time, the last line end left out, and whether there was none."""
    rest = b""
    with closing(ahead(delivery.texts(delivered, options.encoding, _BLOCK))) as texts:
        for text in texts:
            block = rest + text
            cut = block.rfind(b"\n") + 1
            rest = block[cut:]
            if len(rest) > _LONGEST:
                raise SourceRejected("有超过 1 MB 的行，不是逐行的 JSON", where=delivered.name, cure=delivery.CURE)
            if cut:
                yield block[: cut - 1], False
    if rest.strip():
        yield rest, True


def _records(
    block: bytes, count: int, name: str, extract: Extract, *, is_cut_off: bool
) -> tuple[list[dict[str, Any]], Numbers]:
    """Return the objects and their line numbers; a line that is neither object nor blank is a Reject."""
    records, numbers = [], []
    text = block.decode()
    is_odd = json_values.may_be_odd(text)
    for number, line in enumerate(text.split("\n"), count + 1):
        try:
            record = json_values.loads(line)
            if is_odd and not json_values.is_text(record):
                record = None
        except (ValueError, RecursionError):
            if is_cut_off:
                raise SourceRejected(
                    "最后一行不完整，文件被截断", where=f"{name} 第 {number} 行", cure=delivery.CURE
                ) from None
            record = None
        if type(record) is dict:
            records.append(record)
            numbers.append(number)
        elif line.strip():
            extract.rejects.append(Reject(name, number, json_values.NO_RECORD))
    return records, np.array(numbers, np.int64)


def _whole(
    places: dict[str, Sequence[Any]], odd: list[int], numbers: Numbers, name: str, extract: Extract
) -> tuple[dict[str, pa.Array], Numbers]:
    """Return the values as text and their lines, without the records that are `odd`, which are rejected."""
    extract.rejects += [Reject(name, int(row), "应是一组值的地方不是一组值") for row in numbers[odd]]
    kept = np.delete(np.arange(len(numbers)), odd)
    values = {
        place: json_values.array([found[i] for i in kept.tolist()] if odd else found) for place, found in places.items()
    }
    return values, numbers[kept]
