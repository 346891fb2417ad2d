"""大字版 (big print) and language: switchable on every page, kept in a cookie that says nothing of the reader."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from jiceng_pipeline.portal.sessions import ending
from jiceng_pipeline.portal.wording import SITE

COOKIE = "appearance"
KEPT_SECONDS = 365 * 24 * 3600
SIZES, LANGUAGES = ("normal", "big"), ("zh", "en")


def of(request: HttpRequest) -> tuple[str, str]:
    """Return (size, language) this reader chose; else normal print in Chinese."""
    size, _, language = request.COOKIES.get(COOKIE, "").partition(".")
    return (size if size in SIZES else "normal", language if language in LANGUAGES else "zh")


class AppearanceMiddleware:
    """Speak the reader's language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in that language."""
        with translation.override("en" if of(request)[1] == "en" else "zh-hans"):
            response = self._get_response(request)
        # a page of somebody's data is kept by no cache between us and the reader
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response


def context(request: HttpRequest) -> Mapping[str, Any]:
    """Return what every template may name."""
    size, language = of(request)
    return {
        "site": SITE,
        "size": size,
        "language": language,
        "here": request.get_full_path(),
        "caller": getattr(request, "caller", None),
        "ending": ending(request) if hasattr(request, "user") else None,
    }
