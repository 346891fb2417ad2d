import gzip

import pytest

from jiceng_pipeline.connectors import http_client
from jiceng_pipeline.core.errors import SourceRejected, SourceUnreachable
from jiceng_pipeline_tests.connectors.interface import TOKEN, hang, reset, says, status
from jiceng_pipeline_tests.connectors.reading import taken

COLUMNS = ["编号", "姓名"]
EXPORT = "编号,姓名\n1,王𠮷\n2,\n"
ROWS = [(2, "1", "王𠮷"), (3, "2", None)]


def read(interface, **options):
    interface.export = interface.export or EXPORT.encode()
    given = {"path": "/export.csv", "backoff_seconds": 0.01, "timeout_seconds": 0.3, "attempts": 3, **options}
    return taken("delimited", COLUMNS, given, interface.address)


@pytest.mark.parametrize("content", [EXPORT.encode(), EXPORT.encode("gb18030"), gzip.compress(EXPORT.encode())])
def test_an_export_is_read_like_a_file(interface, content):
    interface.export = content
    rows, found = read(interface, parameters={"year": "2026"})
    assert rows == ROWS
    assert found.source_bytes == len(content)
    assert interface.visits == ["/export.csv?year=2026"]


@pytest.mark.parametrize("fault", [status(503), status(429, Retry_After="0"), reset, hang])
def test_a_moment_of_trouble_is_waited_out(interface, fault):
    interface.faults = [fault]
    assert read(interface)[0] == ROWS


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (status(302, Location="http://127.0.0.1:1/"), SourceRejected, "没有跟随"),
        (status(401), SourceUnreachable, "登录"),
        (status(404), SourceRejected, "HTTP 404"),
        (status(500), SourceUnreachable, "HTTP 500"),
        (says(b"<html>login</html>"), SourceRejected, "缺少列"),
        (status(200, b"not gzip", Content_Encoding="gzip"), SourceRejected, "无法读取"),
    ],
)
def test_trouble_that_stays_is_told(interface, fault, error, words):
    interface.faults = [fault] * 3
    with pytest.raises(error, match=words) as caught:
        read(interface)
    assert TOKEN not in str(caught.value)


def test_an_export_that_breaks_off_every_time(interface):
    interface.faults = [reset] * 3
    with pytest.raises(SourceUnreachable, match="试了 3 次"):
        read(interface)


def test_an_export_without_end(interface, monkeypatch):
    monkeypatch.setattr(http_client, "MAX_DOWNLOAD", 1000)
    interface.export = b"x" * 1001
    with pytest.raises(SourceRejected, match="已停止读取"):
        read(interface)


def test_an_answer_that_swells(interface, monkeypatch):
    monkeypatch.setattr(http_client, "MAX_DOWNLOAD", 1 << 20)
    interface.faults = [status(200, gzip.compress(b"x" * (2 << 20)), Content_Encoding="gzip")]
    with pytest.raises(SourceRejected, match="已停止读取"):
        read(interface)


def test_an_address_that_is_none():
    with pytest.raises(SourceUnreachable, match="不是 http"):
        taken("delimited", COLUMNS, {"path": "/x"}, {"url": "ftp://host"})
