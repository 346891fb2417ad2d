"""The switch for big print and language."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from jiceng_pipeline.portal import appearance
from jiceng_pipeline.portal.scopes import Scope, scoped


@scoped(Scope.OPEN)
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Keep what was chosen, and go back to the page."""
    size, language = appearance.of(request)
    size = request.POST.get("size", size)
    language = request.POST.get("language", language)
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    response = HttpResponseRedirect(back)
    if size in appearance.SIZES and language in appearance.LANGUAGES:
        response.set_cookie(
            appearance.COOKIE,
            f"{size}.{language}",
            max_age=appearance.KEPT_SECONDS,
            samesite="Lax",
            httponly=True,
            secure=request.is_secure(),
        )
    return response


paths = [path("appearance", switch)]
