"""Asking an interface patiently and warily: retries, limits on time and size, never to another host."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import BinaryIO, TypeVar

import httpx
from pydantic import Field

from jiceng_pipeline.connectors.base import Source
from jiceng_pipeline.core import certificates, clock
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.core.errors import SourceRejected, SourceUnreachable

MAX_BYTES = 64 << 20  # of one answer, unpacked
MAX_DOWNLOAD = 8 << 30  # of one export, unpacked
MAX_WAIT_SECONDS = 60.0  # whatever Retry-After asks for
_BUSY = {429, 502, 503, 504}
_LOGIN = {401, 403}
_REDIRECT, _CLIENT_ERROR, _SERVER_ERROR = 300, 400, 500


class Busy(Exception):
    """The interface could not answer now; `after` is how many seconds it asked to be left alone."""

    def __init__(self, what: str, after: float | None = None) -> None:
        super().__init__(what)
        self.what, self.after = what, after


class Patience(Document):
    """How long and how often an interface is asked."""

    attempts: int = Field(5, ge=1, le=20, description="how often a page or a file is asked for")
    backoff_seconds: float = Field(0.5, gt=0, description="wait before the second attempt; then twice as long")
    timeout_seconds: float = Field(30, gt=0, description="longest silence of the interface")
    total_minutes: float = Field(120, gt=0, description="longest time for the whole delivery")


def checked_url(source: Source) -> str:
    """Return the source's `url`; raise SourceUnreachable where it is no address of the web."""
    url = source.at("url")
    if not url.startswith(("http://", "https://")):
        raise SourceUnreachable(
            "url 不是 http(s) 地址", where=source.system, cure="在 connections.yaml 里写成 https://主机"
        )
    return url


T = TypeVar("T")


class Client:
    """One interface, asked for one delivery; the source's `token` goes along, to this host only."""

    def __init__(self, source: Source, patience: Patience, *, accept: str) -> None:
        self._attempts, self._backoff = patience.attempts, patience.backoff_seconds
        self._until = time.monotonic() + patience.total_minutes * 60
        token = source.address.get("token") or ""
        if not (token.isascii() and token.isprintable()):
            raise SourceUnreachable(
                "token 里有不能发送的字符", where=source.system, cure="核对 connections.yaml 里的 token，去掉汉字和换行"
            )
        try:
            self._http = httpx.Client(
                base_url=checked_url(source),
                headers={
                    "Accept": accept,
                    "Accept-Encoding": "gzip",
                    **({"Authorization": f"Bearer {token}"} if token else {}),
                },
                timeout=patience.timeout_seconds,
                follow_redirects=False,
                trust_env=False,
                verify=certificates.trusted(source.address.get("ca"), source.system),
            )
        except httpx.InvalidURL:
            raise SourceUnreachable("url 不是有效的地址", cure="改正 connections.yaml 里的 url") from None

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, parameters: Mapping[str, str | int], where: str) -> bytes:
        """Return the answer's body; raise SourceUnreachable after the last attempt, SourceRejected at once."""
        return self._patiently(lambda: b"".join(self._parts(path, parameters, where, MAX_BYTES)), where)

    def download(self, path: str, parameters: Mapping[str, str | int], where: str, into: BinaryIO) -> None:
        """Write the answer's body to `into`, from its beginning at every attempt; raise as `get`."""

        def once() -> None:
            into.seek(0)
            into.truncate()
            for part in self._parts(path, parameters, where, MAX_DOWNLOAD):
                into.write(part)

        self._patiently(once, where)

    def _patiently(self, ask: Callable[[], T], where: str) -> T:
        for attempt in range(self._attempts):
            try:
                return ask()
            except Busy as busy:
                asked = self._backoff * 2**attempt if busy.after is None else busy.after
                wait = min(asked, MAX_WAIT_SECONDS)
                if attempt + 1 == self._attempts or time.monotonic() + wait > self._until:
                    raise SourceUnreachable(
                        f"接口没有正常应答（{busy.what}，试了 {attempt + 1} 次）",
                        where=where,
                        cure="稍后重试；若一直如此，请接口负责人检查服务",
                    ) from None
            time.sleep(wait)
        raise AssertionError("unreachable: attempts is at least 1")

    def _parts(self, path: str, parameters: Mapping[str, str | int], where: str, limit: int) -> Iterator[bytes]:
        """Yield one answer's body; raise Busy where another attempt may help."""
        try:
            with self._http.stream("GET", path, params=dict(parameters)) as response:
                _check_status(response, where)
                yield from self._bounded(response, where, limit)
        except httpx.TimeoutException:
            raise Busy("超时") from None
        except httpx.TransportError as error:
            if fault := certificates.fault(error):
                raise SourceUnreachable(
                    f"接口的证书不被信任（{fault}）",
                    where=where,
                    cure="请接口负责人换上有效的证书，也请核对主机名和这台机器的时钟；"
                    "由单位自己的机构签发的，在 connections.yaml 里用 ca 写上它的根证书",
                ) from None
            raise Busy(f"连接中断，{type(error).__name__}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceRejected(
                f"答复无法读取（{type(error).__name__}）", where=where, cure="请接口负责人检查接口"
            ) from None

    def _bounded(self, response: httpx.Response, where: str, limit: int) -> Iterator[bytes]:
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > limit:
                raise SourceRejected(
                    f"一次答复超过 {limit >> 20} MB，已停止读取",
                    where=where,
                    cure="减小 page_size，或请接口负责人检查",
                )
            if time.monotonic() > self._until:
                raise SourceUnreachable(
                    "总用时超过上限", where=where, cure="请接口负责人检查速度，或调大 total_minutes"
                )
            yield part


def _check_status(response: httpx.Response, where: str) -> None:
    status = response.status_code
    if status in _BUSY:
        raise Busy(f"HTTP {status}", _asked_seconds(response.headers.get("Retry-After")))
    if status in _LOGIN:
        raise SourceUnreachable(
            f"登录被拒绝（HTTP {status}）", where=where, cure="检查 connections.yaml 里的 token 是否正确、是否过期"
        )
    if _REDIRECT <= status < _CLIENT_ERROR:
        raise SourceRejected(
            f"接口要求跳转到别处（HTTP {status}），出于安全没有跟随",
            where=where,
            cure="把最终地址写进 connections.yaml",
        )
    if status >= _SERVER_ERROR:
        raise SourceUnreachable(f"接口内部出错（HTTP {status}）", where=where, cure="请接口负责人检查服务后重试")
    if status != httpx.codes.OK:
        raise SourceRejected(f"接口拒绝了请求（HTTP {status}）", where=where, cure="核对接口地址和参数是否有改动")


def _asked_seconds(value: str | None) -> float | None:
    """Return the seconds a Retry-After header asks for, as a number or as a date."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - clock.now()).total_seconds())
