"""HTTP JSON interfaces: one list of records, asked for page by page, checked against its own total."""

import json
from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import Field, JsonValue

from jiceng_pipeline.connectors import base, columns, encoding, json_values
from jiceng_pipeline.connectors.base import Extract, Reject, Source
from jiceng_pipeline.connectors.http_client import Client, Patience, checked_url
from jiceng_pipeline.core.errors import SourceRejected, SourceUnreachable

_CODE_LENGTH = 12  # of what an answer may say to be repeated in a message, or to be a count


class Options(Patience):
    """Which interface below `url`, and how its answers are built. Places in an answer are written a.b."""

    path: str = Field(min_length=1, description="path of the interface")
    rows: str = Field("data", description="where the answer has its records; empty: it is the list itself")
    total: str | None = Field(None, description="where the answer says how many records there are")
    success: dict[str, JsonValue] = Field({"code": 0}, description="what an answer that has this place says there")
    page_parameter: str = Field("page", min_length=1, description="query parameter with the page's number")
    size_parameter: str = Field("size", min_length=1, description="query parameter with the page's size")
    first_page: int = Field(1, ge=0, description="number of the first page")
    page_size: int = Field(1000, ge=1, le=100_000, description="records asked for in a page")


def read(source: Source, options: Options) -> Extract:
    """Return the records; `_row` counts them over all pages. JSON null or a missing field is null.

    Numbers keep their digits, true and false are those words, anything nested is its JSON text.
    Raises SourceRejected for an error page, a repeated page, or a total the records do not reach.
    """
    checked_url(source)
    extract = Extract()
    extract.batches = _full(_batches(source, options, extract))
    return extract


def _full(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches of the usual size."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= base.BATCH_ROWS:
            yield pa.concat_batches(waiting)
            waiting = []
    if waiting:
        yield pa.concat_batches(waiting)


def _batches(source: Source, options: Options, extract: Extract) -> Iterator[pa.RecordBatch]:
    seen: dict[str, None] = {}
    digests: set[bytes] = set()
    received = 0
    with Client(source, options, accept="application/json") as client:
        for page in count(options.first_page):
            where = f"{options.path} 第 {page - options.first_page + 1} 页"
            asked = {options.page_parameter: page, options.size_parameter: options.page_size}
            body = client.get(options.path, asked, where)
            extract.source_bytes += len(body)
            rows = _rows(body, options, extract, where)
            if rows:
                digest = sha256(json.dumps(rows, default=str).encode()).digest()
                if digest in digests:
                    raise SourceRejected("与前面的一页完全相同", where=where, cure="请接口负责人检查分页参数是否生效")
                digests.add(digest)
                yield _batch(rows, received, source, options.path, extract, seen)
                received += len(rows)
            if not rows or _is_last(len(rows), received, options, extract.promised_rows):
                break
    if seen:
        extract.notes |= columns.renamed(columns.matched(seen, source, options.path))
    if extract.promised_rows not in (None, received):
        raise SourceRejected(
            f"接口说有 {extract.promised_rows} 条，只收到 {received} 条",
            where=options.path,
            cure="请接口负责人核对总数与分页",
        )


def _rows(body: bytes, options: Options, extract: Extract, where: str) -> list[Any]:
    """Return an answer's records after checking that it is one, and that its total stays the same."""
    try:
        answer = json_values.loads(encoding.decoded(body))
    except (ValueError, RecursionError):
        raise SourceRejected(
            "返回的不是 JSON，可能是网页或错误页", where=where, cure="请接口负责人检查接口和网关"
        ) from None
    for place, expected in options.success.items():
        said = _at(answer, place)
        if said is not None and said != expected:
            shown = said if len(str(said)) <= _CODE_LENGTH and str(said).isascii() else "…"
            raise SourceRejected(f"接口报告失败（{place}={shown}）", where=where, cure="请接口负责人按该代码检查")
    rows = _at(answer, options.rows)
    if not isinstance(rows, list):
        raise SourceRejected(f"答复里没有 {options.rows} 列表", where=where, cure="请接口负责人恢复约定的格式")
    if options.total is not None:
        total = str(_at(answer, options.total))
        if not (total.isascii() and total.isdigit() and len(total) <= _CODE_LENGTH):
            raise SourceRejected(f"答复里没有总数 {options.total}", where=where, cure="请接口负责人恢复约定的格式")
        if extract.promised_rows not in (None, int(total)):
            raise SourceUnreachable("读取期间总数变了，数据正在变动", where=where, cure="稍后重试，避开对方更新的时间")
        extract.promised_rows = int(total)
    return rows


def _at(answer: Any, place: str) -> Any:
    """Return what stands at `a.b` of the answer, None where nothing does."""
    for name in filter(None, place.split(".")):
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def _is_last(rows: int, received: int, options: Options, total: int | None) -> bool:
    return rows < options.page_size if total is None else received >= total


def _batch(
    rows: list[Any], received: int, source: Source, file: str, extract: Extract, seen: dict[str, None]
) -> pa.RecordBatch:
    """Return one page as a batch; `seen` gathers the field names of all pages."""
    is_record = np.array([isinstance(row, dict) for row in rows])
    numbers = np.arange(received + 1, received + len(rows) + 1)
    extract.rejects += [Reject(file, int(number), "不是一条记录（应为 JSON 对象）") for number in numbers[~is_record]]
    records = [row for row in rows if isinstance(row, dict)]
    seen |= dict.fromkeys(name for shape in dict.fromkeys(map(tuple, records)) for name in shape)
    field_of = {source.renames.get(name, name): name for name in seen}
    if len(field_of) < len(seen) or not field_of.keys() <= set(source.columns):
        columns.matched(seen, source, file)
    fields = [field_of.get(column, column) for column in source.columns]
    values = [json_values.array([record.get(name) for record in records]) for name in fields]
    return base.batch(source.columns, file, pa.array(numbers[is_record]), values)
