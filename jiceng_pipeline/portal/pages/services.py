"""办事: 我在 X 村，办 Y: where, when, with what; on one sheet of paper; and for somebody else who agreed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET, require_http_methods

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.portal import drawing, place_names
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.services import catalogue, coverage, desk, sheet, walking
from jiceng_pipeline.services.answer import Answer
from jiceng_pipeline.services.item import GRADES, Item

COMMUNITY, TOWNSHIP = 12, 9  # digits
GAPS = 30  # are shown


class Consent(forms.Form):
    """Who agreed that somebody goes for them."""

    consent = forms.CharField(
        label="本人怎样同意的",
        help_text="例如：本人口头同意，由社区代办。会记入审计",
        max_length=100,
        error_messages={"required": "请写明本人怎样同意的"},
    )


@scoped(Scope.PLACE)
@require_GET
def listed(request: HttpRequest, scope: str) -> HttpResponse:
    """List what can be done; of a township and above where people have it too far."""
    said = {"scope": scope, "place": place_names.title(scope), "trail": trail(scope)}
    if len(scope) == COMMUNITY:
        return render(request, "portal/services.html", {**said, "items": _items()})
    if len(scope) < TOWNSHIP:
        raise Http404
    return render(request, "portal/service_gaps.html", {**said, **_gaps(request, scope)})


@scoped(Scope.PLACE)
@require_GET
def listed_for(request: HttpRequest, scope: str, key: str) -> HttpResponse:
    """List what can be done for one resident."""
    said = {"scope": scope, "place": place_names.title(scope), "items": _items(), "key": key, "trail": trail(scope)}
    return render(request, "portal/services.html", said)


@scoped(Scope.PLACE)
@require_GET
def answered(request: HttpRequest, scope: str, name: str) -> HttpResponse:
    """Answer on one page."""
    return _shown(
        request, scope, desk.ask(settings(), caller(request).account, _community(scope), _id(name), clock.now())
    )


@scoped(Scope.PLACE)
@require_http_methods(["GET", "POST"])
def answered_for(request: HttpRequest, scope: str, name: str, key: str) -> HttpResponse:
    """Answer for one resident, once it is written down who agreed."""
    if first := second_factor.asked(request):
        return first
    form = Consent(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        said = {
            "scope": scope,
            "item": catalogue.find(settings(), _id(name)),
            "form": form,
            "key": key,
            "trail": _trail(scope),
        }
        return render(request, "portal/service_consent.html", said)
    told = desk.ask(
        settings(), caller(request).account, _community(scope), _id(name), clock.now(),
        resident_id=key, consent=form.cleaned_data["consent"],
    )  # fmt: skip
    return _shown(request, scope, told)


@scoped(Scope.PLACE)
@require_GET
def printed(request: HttpRequest, scope: str, name: str) -> HttpResponse:
    """Hand out the answer on one sheet in large print."""
    told = desk.ask(settings(), caller(request).account, _community(scope), _id(name), clock.now())
    with TemporaryDirectory(prefix="sheet-", dir=settings().home / "portal") as folder:
        sheet.write(told, file := Path(folder) / "sheet.pdf")
        content = file.read_bytes()
    response = HttpResponse(content, content_type="application/pdf")
    name_of_file = f"{told.community.name}_{told.item.name}_办事单.pdf"
    response["Content-Disposition"] = content_disposition_header(True, name_of_file)
    return response


@scoped(Scope.PLACE)
@require_GET
def circle(request: HttpRequest, scope: str) -> HttpResponse:
    """Draw the community's circle, with the same in bars and a table."""
    drawn = desk.draw(settings(), caller(request).account, _community(scope))
    told = desk.survey(settings(), caller(request).account, scope)
    profiles = walking.walking(settings()).profiles
    names = catalogue.items(settings())
    groups = _groups(told.shares, names, list(profiles))
    kinds = [each.title for each in profiles.values()]
    said = {
        "scope": scope,
        "place": place_names.title(scope),
        "bars": drawing.shares(groups, kinds, "走一刻钟能办成的人占多少，按部门和走法"),
        "groups": [
            (group, [(kind, _share(each)) for kind, each in zip(kinds, found, strict=True)]) for group, found in groups
        ],
        "kinds": kinds,
        "picture": mark_safe(drawn.svg()),  # noqa: S308 - every text in it is escaped where it is drawn
        "points": drawn.points,
        "minutes": drawn.minutes,
        "rows": [_row(each, names, profiles) for each in told.shares],
        "trail": _trail(scope),
    }
    return render(request, "portal/service_circle.html", said)


def _shown(request: HttpRequest, scope: str, told: Answer) -> HttpResponse:
    said = {
        "scope": scope,
        "told": told,
        "item": told.item,
        "stops": [(stop, sheet.when(stop.opens)) for stop in told.stops],
        "trail": _trail(scope),
    }
    return render(request, "portal/service.html", said)


def _gaps(request: HttpRequest, scope: str) -> dict[str, object]:
    told = desk.survey(settings(), caller(request).account, scope)
    found, names, profiles = (
        coverage.gaps(told.shares),
        catalogue.items(settings()),
        walking.walking(settings()).profiles,
    )
    rows = [(place_names.title(each.area_code), *_row(each, names, profiles)) for each in found[:GAPS]]
    return {"rows": rows, "total": len(found)}


def _groups(
    shares: Sequence[coverage.Share], names: Mapping[str, Item], profiles: Sequence[str]
) -> list[tuple[str, list[float | None]]]:
    """Return for the items of each department the share of people who are near, by how they walk."""
    sums = coverage.grouped(shares, {each.id: each.department for each in names.values()})
    found = {(each.item, each.profile): each.share for each in sums}
    departments = dict.fromkeys(each.item for each in sums)
    return [(group, [found.get((group, profile)) for profile in profiles]) for group in departments]


def _share(share: float | None) -> str:
    return "不列" if share is None else f"{share:.0%}"


def _row(
    each: coverage.Share, names: Mapping[str, Item], profiles: Mapping[str, walking.Profile]
) -> tuple[str, str, str, str]:
    """Return an item, who, how many are near of how many, and the share, in words."""
    item = names[each.item].name
    who = profiles[each.profile].title
    if each.share is None:
        return item, who, each.note, ""
    return item, who, f"{each.people:,} 人里 {each.within:,} 人", f"{each.share:.0%}"


def _items() -> list[tuple[Item, str]]:
    """Return the items in force with what the community's own station does of each."""
    found = catalogue.items(settings()).values()
    return [
        (each, GRADES[each.places["village_station"]] if "village_station" in each.places else "到镇街办")
        for each in sorted(found, key=lambda item: (item.department, item.code))
    ]


def _community(scope: str) -> str:
    if len(scope) != COMMUNITY:
        raise Http404
    return scope


def _id(name: str) -> str:
    """Return the id of an item in force; raise Http404 for none."""
    try:
        return catalogue.find(settings(), name).id
    except UsageError:
        raise Http404 from None


def _trail(scope: str) -> list[Link]:
    return [*trail(scope), Link(say("办事", "Services"), f"/at/{scope}/services")]


paths = [
    path("at/<division:scope>/services", listed),
    path("at/<division:scope>/services/for/<key:key>", listed_for),
    path("at/<division:scope>/service/<name:name>", answered),
    path("at/<division:scope>/service/<name:name>.pdf", printed),
    path("at/<division:scope>/service/<name:name>/for/<key:key>", answered_for),
    path("at/<division:scope>/circle", circle),
]
