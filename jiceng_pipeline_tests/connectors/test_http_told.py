"""How an interface tells that all is well, or that there is nothing, and what is told of one that cannot be asked."""

import datetime as dt

import pytest

from jiceng_pipeline.core.errors import SourceRejected, SourceUnreachable
from jiceng_pipeline_tests.certificate import secured
from jiceng_pipeline_tests.connectors.reading import taken
from jiceng_pipeline_tests.connectors.test_http_json import COLUMNS, OPTIONS, read, records


def answers(interface, **answer):
    """Let the interface answer so, whatever page is asked for."""
    interface.page = lambda number, size: answer


@pytest.mark.parametrize(
    ("said", "expected"), [("0", 0), ("200", 200), (200, "200"), ("true", True), (True, "true"), ("SUCCESS", "success")]
)
def test_success_may_be_written_as_a_number_or_as_text(interface, said, expected):
    answers(interface, code=said, total=2, data=records(2))
    assert len(read(interface, success={"code": expected})[0]) == 2


def test_a_code_that_is_not_known_as_success_names_the_option(interface):
    answers(interface, code=200, total=2, data=records(2))
    with pytest.raises(SourceRejected, match="code=200") as told:
        read(interface)
    assert "success" in told.value.cure


@pytest.mark.parametrize("total", [0, "0"])
def test_no_record_may_be_told_as_null(interface, total):
    answers(interface, code=0, total=total, data=None)
    assert read(interface)[0] == []


@pytest.mark.parametrize("answer", [{"code": 0, "total": 2}, {"total": 0}])
def test_null_where_records_should_be_is_no_end(interface, answer):
    answers(interface, **answer, data=None)
    with pytest.raises(SourceRejected, match="没有 data 列表"):
        read(interface)


@pytest.mark.parametrize("token", ["请填写", "abc\n"])
def test_a_token_that_cannot_be_sent(interface, token):
    with pytest.raises(SourceUnreachable, match="token 里有不能发送的字符") as told:
        taken("http_json", COLUMNS, OPTIONS, {**interface.address, "token": token})
    assert token.strip() not in str(told.value)


@pytest.fixture
def secure(interface, tmp_path):
    """Return a function that lets the interface speak HTTPS, and gives its address and its certificate."""

    def of(**valid):
        path = tmp_path / "served.pem"
        secured(interface._server, path, **valid)
        return {**interface.address, "url": interface.address["url"].replace("http:", "https:")}, str(path)

    return of


def test_a_certificate_that_has_expired_is_told_at_once(interface, secure):
    address, path = secure(begins=dt.datetime(2020, 1, 1, tzinfo=dt.UTC), days=366)
    for more in ({}, {"ca": path}):
        with pytest.raises(SourceUnreachable, match="证书不被信任") as told:
            taken("http_json", COLUMNS, OPTIONS, {**address, **more})
        assert "证书" in told.value.cure
    assert interface.asked == []


def test_the_certificate_of_an_authority_of_ones_own_is_trusted_where_that_is_named(interface, secure):
    answers(interface, code=0, total=2, data=records(2))
    address, path = secure()
    with pytest.raises(SourceUnreachable, match="证书不被信任") as told:
        taken("http_json", COLUMNS, OPTIONS, address)
    assert "ca" in told.value.cure
    assert len(taken("http_json", COLUMNS, OPTIONS, {**address, "ca": path})[0]) == 2


@pytest.mark.parametrize(("text", "told"), [(None, "读不出来"), ("no certificate", "没有证书")])
def test_an_authority_that_is_none_is_told(interface, tmp_path, text, told):
    path = tmp_path / "authority.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SourceUnreachable, match=told) as raised:
        taken("http_json", COLUMNS, OPTIONS, {**interface.address, "ca": str(path)})
    assert "PEM" in raised.value.cure
