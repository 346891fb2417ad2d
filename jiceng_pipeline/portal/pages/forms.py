"""一表通 in the portal: which forms there are, each prefilled as a workbook."""

from pathlib import Path
from tempfile import TemporaryDirectory

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.forms import admission, definition, prefill, readback
from jiceng_pipeline.forms.definition import PERIODS, Form
from jiceng_pipeline.portal import place_names
from jiceng_pipeline.portal.models import Draft
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.pages.downloads import TYPES
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped

_COMMUNITY_DIGITS = 12


@scoped(Scope.PLACE)
@require_GET
def listed(request: HttpRequest, scope: str) -> HttpResponse:
    """List the forms that may be sent to communities, and say what is still to be filled in each."""
    forms = [each.form for each in admission.listed(settings()) if each.state == "admitted"]
    rows = [(form, PERIODS[form.period], len(form.columns) - len(form.asked), len(form.asked)) for form in forms]
    said = {
        "scope": scope,
        "place": place_names.title(scope),
        "rows": rows if len(scope) == _COMMUNITY_DIGITS else [],
        "may_fill": caller(request).may(readback.ACT),
        "drafts": set(Draft.objects.filter(user=request.user, scope=scope).values_list("form", flat=True)),
        "trail": trail(scope),
    }
    return render(request, "portal/forms.html", said)


@scoped(Scope.PLACE)
@require_GET
def workbook(request: HttpRequest, scope: str, name: str) -> HttpResponse:
    """Hand out a form with everything filled in that is known; names are in full, so the second factor is asked."""
    form = found(name)
    if first := second_factor.asked(request):
        return first
    with TemporaryDirectory(prefix="form-", dir=settings().home / "portal") as folder:
        made = prefill.make(
            settings(), actor=caller(request).account, form=form.id, community=scope, folder=Path(folder)
        )
        content = made.path.read_bytes()
    response = HttpResponse(content, content_type=TYPES["xlsx"])
    response["Content-Disposition"] = content_disposition_header(True, made.path.name)
    response["X-Receipt"] = made.receipt
    return response


def found(name: str) -> Form:
    """Return the form; raise Http404 for none."""
    try:
        return definition.find(name)
    except UsageError:
        raise Http404 from None


paths = [path("at/<division:scope>/forms", listed), path("at/<division:scope>/form/<name:name>.xlsx", workbook)]
