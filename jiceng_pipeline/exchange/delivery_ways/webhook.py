"""An HTTPS address of the subscriber's that takes signed batches; see `delivery_message` for what is sent."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

from jiceng_pipeline.core import certificates, clock
from jiceng_pipeline.core.errors import SourceRejected, SourceUnreachable
from jiceng_pipeline.exchange import delivery_batch, delivery_message
from jiceng_pipeline.exchange.delivery_batch import Batch, Hand, Have

TITLE = "网络接口"
NEEDS = ("url", "key")
ENCODING = "ndjson"
ATTEMPTS = 4
BACKOFF_SECONDS = 0.5  # before the second attempt; then twice as long
_TIMEOUT_SECONDS = 60
_OWN = {"127.0.0.1", "::1", "localhost"}
_LATER = {408, 425, 429, 500, 502, 503, 504}
_LOGIN = {401, 403, 404}
_MISSING = 409


@contextmanager
def sending(address: Mapping[str, str]) -> Iterator[Hand]:
    """Post batches, each several times where it does not get through; return what the receiver then has."""
    _checked(address["url"])
    verify = certificates.trusted(address.get("ca"), "webhook")
    with httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False, verify=verify) as client:
        yield lambda batch: _posted(client, batch, address)


def _posted(client: httpx.Client, batch: Batch, address: Mapping[str, str]) -> Have:
    body = delivery_message.packed(batch)
    failure = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(BACKOFF_SECONDS * 2 ** (attempt - 1))
        try:
            signed = delivery_message.headers(address["key"], body, clock.now().timestamp())
            answer = client.post(address["url"], content=body, headers={**signed, "Content-Type": "application/gzip"})
        except httpx.RequestError as error:
            if fault := certificates.fault(error):
                raise SourceUnreachable(
                    f"对方的证书不被信任（{fault}）",
                    where="webhook",
                    cure="请对方换上有效的证书；由单位自己的机构签发的，在 subscribers.yaml 里用 ca 写上它的根证书",
                ) from None
            failure = type(error).__name__
            continue
        if answer.status_code not in _LATER:
            return _told(answer)
        failure = f"HTTP {answer.status_code}"
    raise SourceUnreachable(
        f"送不到（{failure}，试了 {ATTEMPTS} 次）", where="webhook", cure="请对方检查服务，下次交付时再送"
    )


def have(subscription_id: str, address: Mapping[str, str]) -> Have | None:  # noqa: ARG001
    """Return nothing: the receiver says what it has in its answers."""
    return None


def _checked(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _OWN):
        raise SourceUnreachable("只送往 https 地址", where="webhook", cure="在 subscribers.yaml 里写 https://…")


def _told(answer: httpx.Response) -> Have:
    status = answer.status_code
    if status in _LOGIN:
        raise SourceUnreachable(
            f"对方不认（HTTP {status}）", where="webhook", cure="核对 subscribers.yaml 里的地址和密钥"
        )
    if status not in {httpx.codes.OK, _MISSING}:
        raise SourceRejected(
            f"对方拒收（HTTP {status}）", where="webhook", cure="请对方查明原因，再用 jiceng subscription resume"
        )
    try:
        return delivery_batch.have_of(answer.content)
    except ValueError:
        raise SourceRejected("对方的答复不合约定", where="webhook", cure="请对方检查接收程序") from None
