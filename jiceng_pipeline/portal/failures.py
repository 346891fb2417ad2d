"""What a reader is told where something went wrong, and what the log is told: never a value."""

import logging
import traceback
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from jiceng_pipeline.core.errors import AccessDenied, JicengError, Locked, NothingPublished, StorageFailure, UsageError
from jiceng_pipeline.core.redaction import redacted
from jiceng_pipeline.core.settings import PACKAGE
from jiceng_pipeline.portal.wording import say

_STATUS = ((AccessDenied, 403), (UsageError, 400), (NothingPublished, 503), (Locked, 503), (StorageFailure, 503))


class RedactedFormatter(logging.Formatter):
    """One line: level, logger, kind of error and the place in our code; no message of a library as it is."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        place = ""
        if record.exc_info and record.exc_info[1] is not None:
            error, frames = record.exc_info[1], traceback.extract_tb(record.exc_info[2])
            ours = [frame for frame in frames if frame.filename.startswith(f"{PACKAGE}/")]
            where = "".join(f" {frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in (ours or frames)[-1:])
            # what a library says may be the very value it could not deal with
            said = f" {redacted(error)}" if isinstance(error, JicengError) else ""
            place = f" {type(error).__name__}{where}{said}"
        return f"{record.levelname} {record.name} {redacted(record.msg)}{place}"


class FailureMiddleware:
    """Turn our errors into a page that says what, where and what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; an address that is only sent to is told with a page, too, where somebody opens it."""
        response = self._get_response(request)
        if response.status_code == 405 and request.method == "GET" and not response.content:
            return not_opened(request, response["Allow"])
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page of one of our errors; others go on to Django, which logs them."""
        if not isinstance(error, JicengError):
            return None
        status = status_of(error)
        if status == 500:
            logging.getLogger("jiceng.portal").error("failed", exc_info=error)
        return page(request, status, error.what, error.cure)


def status_of(error: JicengError) -> int:
    """Return the HTTP status that fits one of our errors."""
    return next((code for kind, code in _STATUS if isinstance(error, kind)), 500)


def page(request: HttpRequest, status: int, what: str, cure: str) -> HttpResponse:
    """Return an error page; a program that calls is told as plain text."""
    if request.path.startswith("/api/"):
        return HttpResponse(f"{what}；{cure}", status=status, content_type="text/plain; charset=utf-8")
    return render(request, "portal/failure.html", {"what": what, "cure": cure, "status": status}, status=status)


def not_found(request: HttpRequest, exception: object = None) -> HttpResponse:  # noqa: ARG001  Django gives it
    """Say that there is no such page, for this reader at least."""
    return page(
        request,
        404,
        say("没有这个页面，或者不归您看", "There is no such page, or not for you"),
        say("核对网址，或回到首页从头找", "Check the address, or start again from the home page"),
    )


def not_opened(request: HttpRequest, allowed: str) -> HttpResponse:
    """Say that something is sent there by a button, and that there is nothing to be looked at."""
    what = say("这个网址不能直接打开", "This address cannot be opened by itself")
    told = page(request, 405, what, say("回到首页，从页面上的按钮进来", "Start again from the home page"))
    told["Allow"] = allowed
    return told


def bad_request(request: HttpRequest, exception: object = None) -> HttpResponse:  # noqa: ARG001  Django gives it
    """Say that the request could not be read."""
    return page(
        request,
        400,
        say("没有看懂这次提交", "The request was not understood"),
        say("返回再试一次", "Go back, try again"),
    )


def forbidden(request: HttpRequest, exception: object = None) -> HttpResponse:  # noqa: ARG001  Django gives it
    """Say that this account may not."""
    return page(
        request, 403, say("您的账号不能办这件事", "Your account may not do this"), say("请管理员授权", "Ask for leave")
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that it is our fault."""
    return page(
        request,
        500,
        say("系统出了问题，已经记下", "Something went wrong here; it was noted"),
        say("过几分钟再试；还不行就告诉管理员", "Try again in a few minutes"),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django gives it
    """Say that a form did not come from one of our pages, or from one that was open too long."""
    return page(
        request,
        403,
        say("这一页放得太久了，没有提交成功", "This page was open for too long"),
        say("返回上一页，刷新后重新提交", "Go back, reload, send again"),
    )
