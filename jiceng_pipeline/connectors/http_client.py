"""Asking an interface patiently and warily: retries, limits on time and size, never to another host."""

import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import TracebackType

import httpx

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import SourceRejected, SourceUnreachable

MAX_BYTES = 64 << 20  # of one answer, unpacked
MAX_WAIT_SECONDS = 60.0  # whatever Retry-After asks for
_BUSY = {429, 502, 503, 504}
_LOGIN = {401, 403}
_REDIRECT, _CLIENT_ERROR, _SERVER_ERROR = 300, 400, 500


class Busy(Exception):
    """The interface could not answer now; `after` is how many seconds it asked to be left alone."""

    def __init__(self, what: str, after: float | None = None) -> None:
        super().__init__(what)
        self.what, self.after = what, after


class Client:
    """One interface, asked for one delivery within `total_seconds`."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        attempts: int,
        backoff_seconds: float,
        timeout_seconds: float,
        total_seconds: float,
    ) -> None:
        self._attempts, self._backoff = attempts, backoff_seconds
        self._until = time.monotonic() + total_seconds
        try:
            self._http = httpx.Client(
                base_url=url,
                headers={"Accept": "application/json", "Accept-Encoding": "gzip", **headers},
                timeout=timeout_seconds,
                follow_redirects=False,
                trust_env=False,
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
        for attempt in range(self._attempts):
            try:
                return self._once(path, parameters, where)
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

    def _once(self, path: str, parameters: Mapping[str, str | int], where: str) -> bytes:
        try:
            with self._http.stream("GET", path, params=dict(parameters)) as response:
                _check_status(response, where)
                return self._body(response, where)
        except httpx.TimeoutException:
            raise Busy("超时") from None
        except httpx.TransportError as error:
            raise Busy(f"连接中断，{type(error).__name__}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceRejected(
                f"答复无法读取（{type(error).__name__}）", where=where, cure="请接口负责人检查接口"
            ) from None

    def _body(self, response: httpx.Response, where: str) -> bytes:
        parts, size = [], 0
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > MAX_BYTES:
                raise SourceRejected(
                    f"一页答复超过 {MAX_BYTES >> 20} MB，已停止读取",
                    where=where,
                    cure="减小 page_size，或请接口负责人检查",
                )
            if time.monotonic() > self._until:
                raise SourceUnreachable(
                    "总用时超过上限", where=where, cure="请接口负责人检查速度，或调大 total_minutes"
                )
        return b"".join(parts)


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
