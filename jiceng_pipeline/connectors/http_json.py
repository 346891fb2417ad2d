"""HTTP JSON interfaces: one list of records, asked for page by page, checked against its own total."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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
    since: str | None = Field(None, min_length=1, description="query parameter with the instant changes are asked from")


def read(source: Source, options: Options) -> Extract:
    """Return the records; `_row` counts them over all pages. JSON null or a missing field is null.

    Numbers keep their digits, true and false are those words, anything nested is its JSON text. Without
    `total` a short page is no end, it may be capped: an empty page is one, or a short page that comes again.
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
    digests: dict[bytes, None] = {}
    received = 0
    with ThreadPoolExecutor(1) as worker, Client(source, options, accept="application/json") as client:

        def ask(page: int) -> bytes:
            asked: dict[str, str | int] = {options.page_parameter: page, options.size_parameter: options.page_size}
            if options.since and source.since:
                asked[options.since] = source.since.value
            return client.get(options.path, asked, _page(page, options))

        coming = worker.submit(ask, options.first_page)
        for page in count(options.first_page):
            where, body = _page(page, options), coming.result()
            # it cannot be the last one: the next is fetched while this one is dealt with
            is_ahead = extract.promised_rows is not None and extract.promised_rows - received > options.page_size
            if is_ahead:
                coming = worker.submit(ask, page + 1)
            extract.source_bytes += len(body)
            rows = _rows(body, options, extract, where, is_first=page == options.first_page)
            if rows:
                batch, rejects = _batch(rows, received, source, options.path, seen)
                digest = _digest(rows, batch)
                if options.total is None and len(rows) < options.page_size and digest == next(reversed(digests), None):
                    break  # it knows no pages, or has its last one for any beyond
                if digest in digests:
                    raise SourceRejected("与前面的一页完全相同", where=where, cure="请接口负责人检查分页参数是否生效")
                digests[digest] = None
                extract.rejects += rejects
                yield batch
                received += len(rows)
            if not rows or (extract.promised_rows is not None and received >= extract.promised_rows):
                break
            if not is_ahead:
                coming = worker.submit(ask, page + 1)
    if seen:
        if options.since and source.since:  # of a few changes, not one may have a value in some column
            source = replace(source, optional=source.columns)
        extract.notes |= columns.renamed(columns.matched(seen, source, options.path))
    if extract.promised_rows not in (None, received):
        raise SourceRejected(
            f"接口说有 {extract.promised_rows} 条，只收到 {received} 条",
            where=options.path,
            cure="请接口负责人核对总数与分页",
        )


def _page(page: int, options: Options) -> str:
    """Return how a page is called in a message."""
    return f"{options.path} 第 {page - options.first_page + 1} 页"


def _rows(body: bytes, options: Options, extract: Extract, where: str, *, is_first: bool) -> list[Any]:
    """Return an answer's records after checking that it is one, and that its total stays the same.

    A record with what is no text in it is None.
    """
    try:
        text = encoding.decoded(body)
        answer = json_values.loads(text)
    except (ValueError, RecursionError):
        raise SourceRejected(
            "返回的不是 JSON，可能是网页或错误页", where=where, cure="请接口负责人检查接口和网关"
        ) from None
    for place, expected in options.success.items():
        said = _at(answer, place)
        if said is not None and not _is_same(said, expected):
            shown = said if len(str(said)) <= _CODE_LENGTH and str(said).isascii() else "…"
            raise SourceRejected(
                f"接口报告失败（{place}={shown}）",
                where=where,
                cure="请接口负责人按该代码检查；若它这样报告成功，由管理员写进合同 connector.options 的 success",
            )
    rows = _at(answer, options.rows)
    is_told = options.success and all(_is_same(_at(answer, place), told) for place, told in options.success.items())
    has_ended = not is_first if options.total is None else _is_same(_at(answer, options.total), 0)
    if rows is None and is_told and has_ended:
        rows = []  # many say so that there is nothing (more); one that reports no success might have failed
    if not isinstance(rows, list):
        raise SourceRejected(f"答复里没有 {options.rows} 列表", where=where, cure="请接口负责人恢复约定的格式")
    if options.total is not None:
        total = str(_at(answer, options.total))
        if not (total.isascii() and total.isdigit() and len(total) <= _CODE_LENGTH):
            raise SourceRejected(f"答复里没有总数 {options.total}", where=where, cure="请接口负责人恢复约定的格式")
        if extract.promised_rows not in (None, int(total)):
            raise SourceUnreachable("读取期间总数变了，数据正在变动", where=where, cure="稍后重试，避开对方更新的时间")
        extract.promised_rows = int(total)
    if json_values.may_be_odd(text):
        return [row if json_values.is_text(row) else None for row in rows]
    return rows


def _is_same(said: Any, expected: JsonValue) -> bool:
    """Return whether an answer says what is expected; 200 is also written "200", and true "true"."""
    return bool(said == expected) or str(said).casefold() == str(expected).casefold()


def _at(answer: Any, place: str) -> Any:
    """Return what stands at `a.b` of the answer, None where nothing does."""
    for name in filter(None, place.split(".")):
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def _batch(
    rows: list[Any], received: int, source: Source, file: str, seen: dict[str, None]
) -> tuple[pa.RecordBatch, list[Reject]]:
    """Return one page as a batch, and what of it is no record; `seen` gathers the field names of all pages."""
    rejects: list[Reject] = []
    records = [row for row in rows if isinstance(row, dict)]
    numbers = np.arange(received + 1, received + len(rows) + 1)
    if len(records) < len(rows):
        is_record = np.array([isinstance(row, dict) for row in rows])
        rejects = [Reject(file, int(number), json_values.NO_RECORD) for number in numbers[~is_record]]
        numbers = numbers[is_record]
    found = json_values.by_name(records)
    seen |= dict.fromkeys(found)
    field_of = {source.renames.get(name, name): name for name in seen}
    if len(field_of) < len(seen) or not field_of.keys() <= set(source.columns):
        columns.matched(seen, source, file)
    nothing = [None] * len(records)
    fields = [field_of.get(column, column) for column in source.columns]
    values = [json_values.array(found.get(name, nothing)) for name in fields]
    return base.batch(source.columns, file, pa.array(numbers), values), rejects


def _digest(rows: list[Any], batch: pa.RecordBatch) -> bytes:
    """Return a hash of a page's content: its records as text, and which of its rows are none."""
    digest = sha256(repr([place for place, row in enumerate(rows) if not isinstance(row, dict)]).encode())
    for column in batch.columns[2:]:
        for buffer in column.buffers():
            digest.update(buffer or b"")
    return digest.digest()
