import gzip
import time

import pytest

from jiceng_pipeline.connectors import base, http_client
from jiceng_pipeline.connectors.json_values import NO_RECORD
from jiceng_pipeline.core.errors import DefinitionError, SourceRejected, SourceUnreachable
from jiceng_pipeline_tests.connectors.interface import TOKEN, Interface, hang, reset, says, status
from jiceng_pipeline_tests.connectors.reading import extract, taken

COLUMNS = ["archiveNo", "name", "diabetes"]
OPTIONS = {"path": "/api/v1/records", "page_size": 2, "total": "total", "backoff_seconds": 0.01}


def records(count):
    return [{"archiveNo": f"A{i}", "name": f"人{i}", "diabetes": i % 2} for i in range(count)]


def read(interface, columns=COLUMNS, renames=None, **options):
    return taken("http_json", columns, {**OPTIONS, **options}, interface.address, renames)


def test_all_pages_become_numbered_rows(interface):
    interface.records = records(5)
    rows, found = read(interface)
    assert rows == [(i + 1, f"A{i}", f"人{i}", str(i % 2)) for i in range(5)]
    assert interface.asked == [1, 2, 3]
    assert (found.promised_rows, found.rejects) == (5, [])
    assert found.source_bytes > 0


def test_an_interface_that_caps_its_pages_is_read_to_the_end(interface):
    interface.records, interface.page_size = records(7), 3
    rows, _ = read(interface, page_size=1000)
    assert len(rows) == 7


def test_the_next_page_comes_while_this_one_is_dealt_with_and_none_beyond_the_last(interface, monkeypatch):
    monkeypatch.setattr(base, "BATCH_ROWS", 2)
    interface.records = records(6)
    batches = extract("http_json", COLUMNS, OPTIONS, interface.address).batches
    assert [next(batches).num_rows, next(batches).num_rows] == [2, 2]
    deadline = time.monotonic() + 10
    while interface.asked != [1, 2, 3] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert interface.asked == [1, 2, 3]
    assert [batch.num_rows for batch in batches] == [2]
    assert interface.asked == [1, 2, 3]


def test_small_pages_are_gathered_into_large_batches(interface):
    interface.records = records(50)
    found = extract("http_json", COLUMNS, OPTIONS, interface.address)
    assert [batch.num_rows for batch in found.batches] == [50]


def test_values_are_the_text_the_source_has(interface):
    interface.records = [
        {"a": 1.10, "b": True, "c": None, "d": "", "e": {"甲": [1]}},
        {"a": 320602195001011234, "b": False, "d": "x", "e": []},
    ]
    rows, _ = read(interface, ["a", "b", "c", "d", "e"])
    assert rows == [
        (1, "1.1", "true", None, "", '{"甲": [1]}'),
        (2, "320602195001011234", "false", None, "x", "[]"),
    ]


def test_digits_of_a_number_are_kept(interface):
    interface.faults = [says(b'{"code":0,"total":1,"data":[{"a":450.50}]}')]
    rows, _ = read(interface, ["a"])
    assert rows == [(1, "450.50")]


def test_places_below_other_places_are_found(interface):
    interface.faults = [says({"data": {"list": [{"a": "1"}], "count": "1"}})]
    rows, _ = read(interface, ["a"], rows="data.list", total="data.count")
    assert rows == [(1, "1")]


@pytest.mark.parametrize(
    "fault",
    [
        status(429, Retry_After="0"),
        status(503, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"),
        status(502),
        status(504),
        reset,
    ],
)
def test_a_passing_fault_is_waited_out(interface, fault):
    interface.records = records(3)
    interface.faults = [fault, fault]
    rows, _ = read(interface)
    assert len(rows) == 3
    assert interface.asked == [1, 1, 1, 2]


def test_retry_after_is_obeyed(interface):
    interface.records, interface.faults = records(1), [status(429, Retry_After="1")]
    began = time.monotonic()
    read(interface)
    assert time.monotonic() - began >= 1


def test_retry_after_is_not_obeyed_for_ever(interface):
    interface.faults = [status(503, Retry_After="86400")]
    began = time.monotonic()
    with pytest.raises(SourceUnreachable, match="HTTP 503"):
        read(interface, total_minutes=0.1)
    assert time.monotonic() - began < 5


def test_a_lasting_fault_ends_after_a_few_tries(interface):
    interface.faults = [status(503)] * 9
    with pytest.raises(SourceUnreachable, match="试了 3 次"):
        read(interface, attempts=3)
    assert len(interface.asked) == 3


def test_an_interface_that_hangs_is_left(interface):
    interface.faults = [hang]
    with pytest.raises(SourceUnreachable, match="超时"):
        read(interface, attempts=1, timeout_seconds=0.2)


def test_nobody_there(tmp_path):
    with Interface() as gone:
        address = gone.address
    with pytest.raises(SourceUnreachable, match="连接中断"):
        taken("http_json", COLUMNS, {**OPTIONS, "attempts": 2}, address)


def test_a_wrong_token_is_told_but_not_shown(interface):
    address = {**interface.address, "token": "wrong-token"}
    with pytest.raises(SourceUnreachable, match="登录被拒绝") as caught:
        taken("http_json", COLUMNS, OPTIONS, address)
    assert "wrong-token" not in str(caught.value)
    assert "connections.yaml" in caught.value.cure


def test_a_redirect_is_not_followed(interface):
    with Interface() as other:
        interface.faults = [status(302, Location=other.address["url"] + "/steal")]
        with pytest.raises(SourceRejected, match="跳转"):
            read(interface)
        assert other.visits == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><body>502 Bad Gateway</body></html>", "不是 JSON"),
        (b'{"code":0,"total":2,"data":[', "不是 JSON"),
        (b"[" * 100_000, "不是 JSON"),
        ({"code": 500, "message": "张三不存在"}, "code=500"),
        ({"code": 0, "message": "ok"}, "没有 data"),
        ({"code": 0, "data": []}, "没有总数"),
        ({"code": 0, "data": [], "total": True}, "没有总数"),
        ({"code": 0, "data": [], "total": -1}, "没有总数"),
        ({"code": 0, "data": [], "total": "9" * 5000}, "没有总数"),
    ],
)
def test_an_answer_that_is_no_page_is_refused(interface, body, words):
    interface.faults = [says(body)]
    with pytest.raises(SourceRejected, match=words) as caught:
        read(interface)
    assert "张三" not in str(caught.value)
    assert "第 1 页" in caught.value.where


@pytest.mark.parametrize(("code", "kind"), [(404, SourceRejected), (400, SourceRejected), (500, SourceUnreachable)])
def test_other_statuses(interface, code, kind):
    interface.faults = [status(code)]
    with pytest.raises(kind, match=f"HTTP {code}"):
        read(interface)


def test_a_total_that_is_not_reached(interface):
    interface.records, interface.total = records(3), 5
    with pytest.raises(SourceRejected, match="5 条，只收到 3 条"):
        read(interface)


def test_a_total_that_changes_is_worth_another_try(interface):
    interface.records = records(4)
    interface.faults = [says({"code": 0, "total": 9, "data": records(2)})]
    with pytest.raises(SourceUnreachable, match="总数变了"):
        read(interface)


def test_a_page_that_comes_again(interface):
    interface.faults = [says({"code": 0, "total": 6, "data": records(2)})] * 3
    with pytest.raises(SourceRejected, match="完全相同"):
        read(interface)


def test_known_renames_are_mapped_and_noted(interface):
    interface.records = [{"archiveNo": "1", "xm": "甲", "diabetes": 0}]
    rows, found = read(interface, renames={"xm": "name"})
    assert rows == [(1, "1", "甲", "0")]
    assert found.notes == {"renamed": "xm→name"}


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"archiveNo": "1", "name": "甲"}, "缺少列 diabetes"),
        ({"archiveNo": "1", "name": "甲", "diabetes": 0, "salary": 1}, "多出列 salary"),
        ({"archiveNo": "1", "name": "甲", "xm": "甲", "diabetes": 0}, "重复列 name"),
    ],
)
def test_other_fields_are_refused_by_name(interface, record, words):
    interface.records = [record]
    with pytest.raises(SourceRejected, match=words):
        read(interface, renames={"xm": "name"})


@pytest.mark.parametrize(
    "odd", [r'{"a": "x\u0000"}', r'{"a": "\ud83d"}', r'{"a": ["\udc00"]}', r'{"a": {"b\u0000": 1}}', '"x"', "null"]
)
def test_a_record_with_what_is_no_text_is_rejected(interface, odd):
    interface.faults = [says(f'{{"code":0,"total":3,"data":[{{"a":"1"}},{odd},{{"a":"3"}}]}}'.encode())]
    rows, found = read(interface, ["a"])
    assert rows == [(1, "1"), (3, "3")]
    assert [(reject.row, reject.reason) for reject in found.rejects] == [(2, NO_RECORD)]


def test_escapes_that_are_text_are_text(interface):
    interface.faults = [says(rb'{"code":0,"total":1,"data":[{"a":"\ud842\udfb7 \\u0000 \u4e2d"}]}')]
    rows, found = read(interface, ["a"])
    assert rows == [(1, "𠮷 \\u0000 中")]
    assert found.rejects == []


def test_pages_of_nothing_but_rubbish_are_not_the_same_page(interface):
    interface.records = ["x", "y", {"archiveNo": "A", "name": "n", "diabetes": 1}, "z", "v", {"archiveNo": "A"}]
    rows, found = read(interface)
    assert [row[0] for row in rows] == [3, 6]
    assert [reject.row for reject in found.rejects] == [1, 2, 4, 5]


def test_what_is_no_record_is_rejected_with_its_number(interface):
    interface.records = [*records(1), "junk", *records(3)[2:]]
    rows, found = read(interface, page_size=10)
    assert [row[0] for row in rows] == [1, 3]
    assert [(reject.row, reject.reason) for reject in found.rejects] == [(2, NO_RECORD)]


def test_gb18030_answers_are_read(interface):
    interface.faults = [says('{"code":0,"total":1,"data":[{"a":"𠮷䶮"}]}'.encode("gb18030"))]
    rows, _ = read(interface, ["a"])
    assert rows == [(1, "𠮷䶮")]


@pytest.mark.parametrize("packed", [False, True])
def test_an_endless_answer_is_cut(interface, packed):
    body = b" " * (http_client.MAX_BYTES + (1 << 20))
    fault = status(200, gzip.compress(body, 1), Content_Encoding="gzip") if packed else status(200, body)
    interface.faults = [fault]
    with pytest.raises(SourceRejected, match="超过 64 MB"):
        read(interface)


def test_a_delivery_has_an_end_in_time(interface):
    interface.records = records(10)
    with pytest.raises(SourceUnreachable, match="总用时"):
        read(interface, total_minutes=1e-9)


@pytest.mark.parametrize(
    "url", ["", "ftp://host", "file:///etc/passwd", "http://host:port", "http://ho\nst", "http://[::1"]
)
def test_an_address_that_is_none(url):
    with pytest.raises(SourceUnreachable) as caught:
        taken("http_json", COLUMNS, {**OPTIONS, "attempts": 1}, {"url": url, "token": TOKEN})
    assert TOKEN not in str(caught.value)


def test_wrong_options_are_told():
    with pytest.raises(DefinitionError, match="page_size"):
        extract("http_json", COLUMNS, {**OPTIONS, "page_size": 0}, {"url": "http://x"})
