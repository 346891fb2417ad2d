"""找人找户 (finding): by name, pinyin initials, address or the last digits; what is found is shown masked."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import place_names
from jiceng_pipeline.portal.dossier import REGISTERS
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import opened, settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.returns import search
from jiceng_pipeline.returns.access import Entity
from jiceng_pipeline.standard.register import element

SHOWN = 50
_LONGEST_WORD = 40
KINDS = {"resident": "人", "household": "户", "enterprise": "市场主体", "dwelling": "房屋"}


@scoped(Scope.PLACE)
@require_GET
def find(request: HttpRequest, scope: str) -> HttpResponse:
    """Show what fits; the word itself is written down nowhere, the audit has a keyed hash of it."""
    word = " ".join(request.GET.get("q", "").split())[:_LONGEST_WORD]
    kind: Entity = next((each for each in search.KINDS if each == request.GET.get("kind")), "resident")
    found = None
    if word:
        with opened() as (version, connection), open_ledger(settings()) as ledger:
            found = search.find(
                settings(), ledger, connection, version,
                actor=caller(request).account, scope=scope, text=word, entity=kind, limit=SHOWN,
            )  # fmt: skip
    hits = found.hits if found else []
    said = {
        "scope": scope,
        "place": place_names.title(scope),
        "word": word,
        "kind": kind,
        "kinds": KINDS.items(),
        "columns": [element(name) for name in (hits[0].cells if hits else ())],
        "rows": [(hit, [(element(name), value) for name, value in hit.cells.items()]) for hit in hits],
        "has_page": kind in REGISTERS,
        "has_more": bool(found and found.has_more),
        "trail": trail(scope),
    }
    return render(request, "portal/find.html", said)


paths = [path("at/<division:scope>/find", find)]
