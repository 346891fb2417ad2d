"""轻应用 (light apps): the lists and reminders there are, and one of them for a division."""

from pathlib import Path
from tempfile import TemporaryDirectory

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.exchange import light_app_page
from jiceng_pipeline.exchange.light_app import VIEWS, LightApp, find, light_apps
from jiceng_pipeline.portal import place_names
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.pages.downloads import TYPES
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say

SHOWN = 100


@scoped(Scope.PLACE)
@require_GET
def listed(request: HttpRequest, scope: str) -> HttpResponse:
    """List the apps."""
    found = light_app_page.available(list(light_apps(settings().sql_models).values()))
    rows = [(each, VIEWS[each.view]) for each in found]
    said = {"scope": scope, "place": place_names.title(scope), "apps": rows, "trail": trail(scope)}
    return render(request, "portal/light_apps.html", said)


@scoped(Scope.PLACE)
@require_GET
def opened(request: HttpRequest, scope: str, name: str) -> HttpResponse:
    """Open one; a list that tells something by itself needs the second factor."""
    app = _found(name)
    if app.profile == "full" and (first := second_factor.asked(request)):
        return first
    shown = light_app_page.open_app(
        settings(), actor=caller(request).account, app=name, place=scope, limit=SHOWN, channel="page"
    )
    few = [
        at
        for at, each in enumerate(shown.columns)
        if not each.id.startswith("community_") and not each.id.endswith("_id")
    ]
    said = {
        "scope": scope,
        "app": app,
        "columns": [shown.columns[at] for at in few],
        "rows": [[(shown.columns[at], row[at]) for at in few] for row in shown.rows],
        "total": shown.total,
        "place": shown.place.name,
        "trail": [*trail(scope), Link(say("轻应用", "Light apps"), f"/at/{scope}/apps")],
    }
    return render(request, "portal/light_app.html", said)


@scoped(Scope.PLACE)
@require_GET
def download(request: HttpRequest, scope: str, name: str) -> HttpResponse:
    """Hand out the rows as a workbook."""
    app = _found(name)
    if app.profile == "full" and (first := second_factor.asked(request)):
        return first
    with TemporaryDirectory(prefix="package-", dir=settings().home / "portal") as folder:
        made = light_app_page.download(
            settings(), actor=caller(request).account, app=name, place=scope, folder=Path(folder)
        )
        content = made.path.read_bytes()
    response = HttpResponse(content, content_type=TYPES["xlsx"])
    response["Content-Disposition"] = content_disposition_header(True, made.path.name)
    return response


def _found(name: str) -> LightApp:
    try:
        return find(settings().sql_models, name)
    except UsageError:
        raise Http404 from None


paths = [
    path("at/<division:scope>/apps", listed),
    path("at/<division:scope>/app/<name:name>", opened),
    path("at/<division:scope>/app/<name:name>.xlsx", download),
]
