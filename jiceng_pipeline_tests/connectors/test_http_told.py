"""How an interface tells that all is well, or that there is nothing, and what is told of one that cannot be asked."""

import datetime as dt
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from jiceng_pipeline.core.errors import SourceRejected, SourceUnreachable
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


def test_a_certificate_that_has_expired_is_told_at_once(interface, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_expired(tmp_path / "expired.pem"))
    interface._server.socket = context.wrap_socket(interface._server.socket, server_side=True)
    address = {**interface.address, "url": interface.address["url"].replace("http:", "https:")}
    with pytest.raises(SourceUnreachable, match="证书不被信任") as told:
        taken("http_json", COLUMNS, OPTIONS, address)
    assert "证书" in told.value.cure
    assert interface.asked == []


def _expired(path):
    """Write a certificate of our own with its key, out of date, and return its file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2021, 1, 1, tzinfo=dt.UTC))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path
