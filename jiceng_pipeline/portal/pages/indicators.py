"""指标 (indicators): the figures of one's own level and of what lies right below, what cannot be placed included."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.exchange import release, release_page
from jiceng_pipeline.exchange.indicators import Indicator, find, indicators
from jiceng_pipeline.exchange.release_page import Figure, Figures
from jiceng_pipeline.portal import drawing, place_names
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.figures import Bar
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.returns import roles

PURPOSE = "看本级指标"
_DRAWN = 20  # more divisions than that are told by the table alone


@scoped(Scope.PLACE)
@require_GET
def listed(request: HttpRequest, scope: str) -> HttpResponse:
    """List what is counted."""
    rows = sorted(indicators(settings().sql_models).values(), key=lambda each: each.title)
    said = {"scope": scope, "place": place_names.title(scope), "rows": rows, "trail": trail(scope)}
    return render(request, "portal/indicators.html", said)


@scoped(Scope.PLACE)
@require_GET
def one(request: HttpRequest, scope: str, name: str) -> HttpResponse:
    """Show one: as released or, for who may see all and after the second factor, exactly."""
    wanted = _found(name)
    sees_all = any("full" in roles.find(code).profiles for code in caller(request).roles)
    is_exact = sees_all and "exact" in request.GET
    if is_exact and (first := second_factor.asked(request)):
        return first
    said: dict[str, Any] = {
        "scope": scope,
        "place": place_names.title(scope),
        "indicator": wanted,
        "sees_all": sees_all,
        "is_exact": is_exact,
        "trail": [*trail(scope), Link(say("指标", "Indicators"), f"/at/{scope}/indicators")],
    }
    if is_exact or _is_released():
        found = release_page.show(
            settings(), actor=caller(request).account, indicator=name, place=scope, exact=is_exact,
            purpose=PURPOSE if is_exact else "", channel="page",
        )  # fmt: skip
        said |= _told(found, scope)
    return render(request, "portal/indicator.html", said)


def _found(name: str) -> Indicator:
    try:
        return find(settings().sql_models, name)
    except UsageError:
        raise Http404 from None


def _is_released() -> bool:
    try:
        release.latest(settings())
    except UsageError:
        return False
    return True


def _told(found: Figures, scope: str) -> dict[str, Any]:
    """Return the own figure, the parts with their picture, and the own categories where each has a name of its own."""
    here = scope.rstrip("*").ljust(12, "0")
    whole = found.indicator.words("")
    totals = [each for each in found.rows if each.category == whole]
    own = next((each for each in totals if each.division_code == here), None)
    parts = [each for each in totals if each.division_code != here]
    kinds = [each for each in found.rows if each.division_code == here and each.category != whole]
    if len({each.category for each in kinds}) != len(kinds):
        kinds = []  # paths whose last parts are alike: men and women of every age
    unit = "%" if found.indicator.is_ratio else found.indicator.unit
    return {
        "own": own
        and (_number(own, unit) if _value(own, unit) is None or unit == "%" else f"{_number(own, unit)} {unit}"),
        "parts": [(each.division_name, _number(each, unit)) for each in parts],
        "kinds": [(each.category, _number(each, unit)) for each in kinds],
        "parts_picture": _picture(parts, unit, f"{found.indicator.title}，下面各处"),
        "kinds_picture": _picture(kinds, unit, f"{found.indicator.title}，分组", named=True)
        if len(kinds) <= _DRAWN
        else "",
        "version": found.version,
        "has_figures": bool(found.rows),
    }


def _value(each: Figure, unit: str) -> float | None:
    return each.share if unit == "%" else each.value


def _number(each: Figure, unit: str) -> str:
    value = _value(each, unit)
    return say("不公布", "not released") if value is None else f"{value:,}{unit if unit == '%' else ''}"


def _picture(found: Sequence[Figure], unit: str, title: str, *, named: bool = False) -> str:
    bars = [
        Bar(each.category if named else each.division_name, int(value), 0, ())
        for each in found
        if (value := _value(each, unit)) is not None
    ]
    return drawing.bars(bars, unit, title) if 0 < len(bars) <= _DRAWN else ""


paths = [path("at/<division:scope>/indicators", listed), path("at/<division:scope>/indicator/<name:name>", one)]
