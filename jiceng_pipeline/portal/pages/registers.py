"""底册 (registers): what there is, and the rows of one, a page at a time, found by a word."""

from typing import Any
from urllib.parse import urlencode

import duckdb
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import columns, place_names
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.reading import opened, settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.returns import communities, datasets, search
from jiceng_pipeline.returns.access import authorise, served
from jiceng_pipeline.returns.cut import Cut
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.warehouse.connection import identifier

PAGE = 30
_LONGEST_WORD = 40


@scoped(Scope.PLACE)
@require_GET
def registers(request: HttpRequest, scope: str) -> HttpResponse:
    """List the registers there are."""
    listed = columns.in_order(datasets.datasets(settings()).values())
    said = {"scope": scope, "place": place_names.title(scope), "datasets": listed, "trail": trail(scope)}
    return render(request, "portal/registers.html", said)


@scoped(Scope.PLACE)
@require_GET
def register(request: HttpRequest, scope: str, name: str) -> HttpResponse:
    """Show a page of rows, masked, with what has to be said of single cells."""
    dataset = found(name)
    word = " ".join(request.GET.get("q", "").split())[:_LONGEST_WORD]
    at = _page(request.GET.get("page", "1"))
    with opened() as (version, connection), open_ledger(settings()) as ledger:
        access = authorise(
            ledger, caller(request).account, dataset, scope, action="list", version=version.name, channel="page"
        )
        titles = {each.name: each.title for each in datasets.datasets(settings()).values()}
        cut = Cut(connection, dataset, communities.find(settings(), scope), access, version, titles)
        shown, total = _rows(connection, cut, word, at)
        served(ledger, access, len(shown["rows"]), [key for _, key, _ in shown["rows"] if key])
    said = {
        **shown,
        "scope": scope,
        "place": place_names.title(scope),
        "dataset": dataset,
        "word": word,
        # people, households and the like are found by what their cells are, other rows by what they show
        "found_by": next((kind for kind, each in search.KINDS.items() if each.dataset == name), ""),
        "total": total,
        "page": at,
        "pages": max(1, -(-total // PAGE)),
        "before": _address(word, at - 1) if at > 1 else "",
        "after": _address(word, at + 1) if at * PAGE < total else "",
        "trail": [*trail(scope), Link("底册", f"/at/{scope}/registers")],
    }
    return render(request, "portal/register.html", said)


def _rows(connection: duckdb.DuckDBPyConnection, cut: Cut, word: str, at: int) -> tuple[dict[str, Any], int]:
    """Return what a page shows, and how many rows there are."""
    few = columns.shown(cut)
    key = columns.key(cut)
    # found among what is shown: nobody learns a hidden value by searching for it
    matching = " or ".join(f"contains(cast({identifier(each.id)} as varchar), $word)" for each in few)
    select = f"select * from ({cut.words()}) where ($word = '' or {matching})"
    total = cut.rows  # without masking a single one
    if word:
        (total,) = connection.execute(f"select count(*) from ({select})", {"word": word}).fetchall()[0]
    named = ", ".join(identifier(each.id) for each in few)
    keyed = identifier(key[0]) if key else "null"
    rows = connection.execute(
        f"select {keyed}, {named} from ({select}) limit {PAGE} offset {(at - 1) * PAGE}", {"word": word}
    ).fetchall()
    marks = cut.marks
    listed = [
        (
            key[1] if key else "",
            row[0],
            [(each, value, marks.get(row[0], {}).get(each.id, "")) for each, value in zip(few, row[1:], strict=True)],
        )
        for row in rows
    ]
    return {"columns": few, "rows": listed}, total


def trail(scope: str) -> list[Link]:
    """Return the way back to the division."""
    return [Link(place_names.title(scope), f"/at/{scope}")]


def found(name: str) -> Dataset:
    """Return the dataset; raise Http404 for none."""
    try:
        return datasets.find(settings(), name)
    except UsageError:
        raise Http404 from None


def _page(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000 else 1


def _address(word: str, at: int) -> str:
    return "?" + urlencode({**({"q": word} if word else {}), "page": at})


paths = [
    path("at/<division:scope>/registers", registers),
    path("at/<division:scope>/register/<name:name>", register),
]
