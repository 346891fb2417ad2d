"""一人一档: a person, household or enterprise with the source of each cell; and one cell, with what can be done."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import dossier, place_names
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.dossier import REGISTERS, Cell, Dossier
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import opened, settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.returns import communities, datasets
from jiceng_pipeline.returns.access import authorise, failed, served
from jiceng_pipeline.returns.cut import Cut

NAMES = {"resident": "name", "household": "head_name", "enterprise": "enterprise_name"}
PURPOSE = "核实数据"


@scoped(Scope.PLACE)
@require_GET
def entity(request: HttpRequest, scope: str, kind: str, key: str) -> HttpResponse:
    """Show the dossier, masked."""
    with read(request, scope, kind, key) as (found, cut):
        people = []
        if kind == "household":
            people = _people(request, scope, key, cut)
    said = {
        "scope": scope,
        "place": place_names.title(scope),
        "kind": kind,
        "dossier": found,
        "members": people,
        "can_doubt": caller(request).may("dispute"),
        "trail": [*trail(scope), Link(cut.dataset.title, f"/at/{scope}/register/{cut.dataset.name}")],
    }
    return render(request, "portal/entity.html", said)


@scoped(Scope.PLACE)
@require_GET
def cell(request: HttpRequest, scope: str, kind: str, key: str, element: str) -> HttpResponse:
    """Show one cell in full, for checking it on the doorstep: everybody's word, and what can be done."""
    if first := second_factor.asked(request):
        return first
    with read(request, scope, kind, key, full=True) as (found, _):
        one = cell_of(found, element)
    return shown(request, scope, found, one)


def shown(request: HttpRequest, scope: str, found: Dossier, one: Cell, *, has_changed: bool = False) -> HttpResponse:
    """Show the page of a cell; `has_changed` where somebody spoke of what stood there before."""
    said = {
        "scope": scope,
        "place": place_names.title(scope),
        "kind": found.entity,
        "dossier": found,
        "cell": one,
        "has_changed": has_changed,
        "trail": cell_trail(scope, found, NAMES[found.entity]),
        "can_verify": one.source is not None and one.element.collection is not None and caller(request).may("verify"),
        "may_doubt": caller(request).may("dispute"),
    }
    return render(request, "portal/cell.html", said)


@contextmanager
def read(request: HttpRequest, scope: str, kind: str, key: str, *, full: bool = False) -> Iterator[tuple[Dossier, Cut]]:
    """Yield the dossier and what it was read with; raise Http404 where the scope has no such entity."""
    dataset = datasets.find(settings(), REGISTERS[kind])
    with opened() as (version, connection), open_ledger(settings()) as ledger:
        access = authorise(
            ledger, caller(request).account, dataset, scope, "full" if full else "check", PURPOSE if full else None,
            action="look", version=version.name, channel="page", entity=kind, entity_id=key,  # type: ignore[arg-type]
        )  # fmt: skip
        cut = Cut(connection, dataset, communities.find(settings(), scope), access, version, {})
        found = dossier.read(cut, kind, key, NAMES[kind])
        if found is None:
            failed(ledger, access)
            raise Http404
        served(ledger, access, 1)
        yield found, cut


def cell_of(found: Dossier, element: str) -> Cell:
    """Return the cell; raise Http404 for none."""
    one = found.cell(element)
    if one is None:
        raise Http404
    return one


def cell_trail(scope: str, found: Dossier, name: str) -> list[Link]:
    """Return the way back to the dossier."""
    named = found.cell(name)
    title = (named.value if named and named.value else "") or "这一份"
    return [*trail(scope), Link(title, f"/at/{scope}/{found.entity}/{found.key}")]


def _people(request: HttpRequest, scope: str, household: str, cut: Cut) -> list[tuple[str, str, str]]:
    """Return the members of a household; they are people, so leave is asked for them as well."""
    residents = datasets.find(settings(), REGISTERS["resident"])
    with open_ledger(settings()) as ledger:
        access = authorise(
            ledger, caller(request).account, residents, scope, action="look", version=cut.version.name,
            channel="page", entity="household", entity_id=household,
        )  # fmt: skip
        found = list(dossier.members(Cut(cut.connection, residents, cut.place, access, cut.version, {}), household))
        served(ledger, access, len(found), [resident for resident, _, _ in found])
    return found


_AT = "at/<division:scope>/<entity:kind>/<key:key>"
paths = [path(_AT, entity), path(f"{_AT}/<name:element>", cell)]
