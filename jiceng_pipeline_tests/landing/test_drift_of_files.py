"""Sources whose files change: encoding, half or empty files, the wrong month or place, the same thing twice."""

import gzip
import json
import shutil

import pytest

from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline_tests.connectors.interface import Interface
from jiceng_pipeline_tests.landing import drifting
from jiceng_pipeline_tests.landing.believing import ALL, changed, mapped, on, stopped
from jiceng_pipeline_tests.landing.drifting import COLUMNS, COUNT, ELSEWHERE, Store, people


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@on("csv", "jsonl", "xml")
def test_the_encoding_changes(held, encoding):
    held.write(COLUMNS, people(), encoding=encoding)
    mapped(held)


@on("csv", "jsonl", "xml")
def test_the_encoding_is_of_no_kind_we_know(held):
    held.write(COLUMNS, people(), encoding="utf-8")
    content = held.path.read_bytes()
    held.path.write_bytes(
        content[: len(content) // 2] + "王".encode("big5") + b"\xff\xfe" + content[len(content) // 2 :]
    )
    stopped(held)


@on("csv")
def test_the_encoding_is_not_the_promised_one(held):
    options = {**held.options, "encoding": "utf-8"}
    held.contract = drifting.contract(held.kind, options)
    held.write(COLUMNS, people(), encoding="gb18030")
    stopped(held, "文字编码无法识别（不是 utf-8）")


@on(*ALL)
def test_a_file_is_empty(held):
    held.path.write_bytes(b"")
    stopped(held)


@on(*ALL)
def test_a_file_has_a_header_and_no_rows(held):
    held.write(COLUMNS, [])
    stopped(held, "空文件")


@on(*ALL)
def test_a_file_is_half(held):
    content = held.path.read_bytes()
    held.path.write_bytes(content[: len(content) * 3 // 5 + 1])
    stopped(held)


@on("csv", "sqlite")
def test_a_delivery_is_whole_but_half_its_rows_are_missing(held):
    held.write(COLUMNS, people()[: len(people()) // 2 - 1])
    stopped(held, "半截文件")


def test_an_interface_gives_half_of_what_it_promises(tmp_path, divisions):
    class Asked(Store):
        kind, options = "http_json", {"path": "/r", "total": "total", "page_size": 7, "attempts": 1}

        @property
        def address(self):
            return interface.address

    with Interface() as interface:
        interface.records = [dict(zip(COLUMNS, row, strict=True)) for row in people()]
        store = Asked(tmp_path, divisions)
        assert store.pull().status == "landed"
        interface.total = 2 * len(people())
        stopped(store, f"接口说有 {2 * len(people())} 条，只收到 {len(people())} 条")
        interface.total = None
        interface.records = [{**record, "工资": 1} for record in interface.records]
        stopped(store, "多出列 工资")


def expecting(store, name, **expect):
    """Let the store's contract expect something of a delivery, and its file have a day in its name."""
    options = {key: value for key, value in store.options.items() if key != "file"} | {"files": "名册*"}
    given = options if name else store.options
    store.contract = Contract.model_validate(
        {**store.contract.model_dump(), "connector": {"kind": store.kind, "options": given}, "expect": expect}
    )
    if name:
        store.path = store.path.rename(store.path.with_name(name + store.path.suffix))
    store.write(COLUMNS, people(COUNT - 1))
    assert store.pull().status == "landed"
    store.write(COLUMNS, people())
    assert store.pull().status == "landed"


@on("csv", "jsonl")
def test_it_is_of_the_wrong_month(held):
    expecting(held, "名册_202611", period={"told_by": "file_name"})
    held.path.unlink()
    held.path = held.path.with_stem("名册_202610")
    held.write(COLUMNS, changed("月保障金额", lambda _: "500.00"))
    stopped(held, "送来的是旧的")


@on("xlsx", "sqlite")
def test_it_is_of_the_wrong_township(held):
    expecting(held, None, within={"column": "社区", "division": "320613005"})
    held.write(COLUMNS, changed("社区", lambda _: ELSEWHERE))
    stopped(held, "可能送错了地方的数据")


@on("csv", "xlsx")
def test_the_same_rows_come_twice(held):
    held.write(COLUMNS, [*people(), *people()])
    stopped(held, "内容重复：约 50% 的行与别的行完全相同")


@on("csv", "jsonl")
def test_the_same_file_lies_there_twice(held):
    expecting(held, "名册_20261101", period={"told_by": "file_name"})
    shutil.copy(held.path, held.path.with_stem("名册_20261101 - 副本"))
    mapped(held)


@on("csv")
def test_two_files_are_put_together(held):
    held.path.write_bytes(2 * held.path.read_bytes())
    stopped(held, "表头又出现了一次")


def test_the_parts_of_a_day_have_one_twice(tmp_path, divisions):
    class Parts(Store):
        kind, file = "json_lines", "名册_20261101_1.jsonl.gz"
        options = {"files": "名册_*.jsonl.gz", "parts": True}  # noqa: RUF012

        def write(self, columns, rows):
            lines = [json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows]
            self.path.write_bytes(gzip.compress("\n".join(lines).encode()))

    store = Parts(tmp_path, divisions)
    store.write(COLUMNS, people())
    assert store.pull().status == "landed"
    shutil.copy(store.path, store.path.with_name("名册_20261101_2.jsonl.gz"))
    stopped(store, "内容重复")
