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
_SHORT = {"code", "date", "boolean", "integer", "citizen_id", "phone"}  # what never runs over a line
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
        served(ledger, access, len(shown["rows"]), [row[1] for row in shown["rows"] if row[1]])
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
    few, key, first = columns.shown(cut), columns.key(cut), (at - 1) * PAGE
    named = [each.id for each in few]
    wanted = named if key is None else [key[0], *named]
    if word:
        rows, total = _matching(connection, cut, wanted, named, word, first)
    else:
        # without masking a single one that is not on the page
        total, select = cut.rows, cut.words(columns=wanted, rows=cut.page(PAGE, first))
        rows = connection.execute(f"select {', '.join(map(identifier, wanted))} from ({select})").fetchall()
    keys = [row[0] if key else None for row in rows]
    marks = cut.marks_of([each for each in keys if each]) if key else {}
    said = [marks.get(own, {}) if own else {} for own in keys]
    listed = [
        (
            key[1] if key else "",
            own,
            row[-len(few)],
            about.get(named[0], ""),
            [
                (each.title, each.type in _SHORT, "" if value is None else value, about.get(each.id, ""))
                for each, value in zip(few[1:], row[1 - len(few) :] if few[1:] else (), strict=True)
            ],
        )
        for own, row, about in zip(keys, rows, said, strict=True)
    ]
    return {"columns": few, "rows": listed}, total


def _matching(
    connection: duckdb.DuckDBPyConnection, cut: Cut, wanted: list[str], among: list[str], word: str, first: int
) -> tuple[list[tuple[Any, ...]], int]:
    """Return a page of the rows that show the word, and how many there are.

    It is looked for among what is shown: nobody learns a hidden value by searching for it.
    """
    holds = " or ".join(f"contains(cast({identifier(name)} as varchar), $word)" for name in among)
    found = connection.execute(
        f"""select count(*) over (), {", ".join(map(identifier, wanted))} from ({cut.words(columns=wanted)})
        where {holds} limit {PAGE} offset {first}""",
        {"word": word},
    ).fetchall()
    if not found and first:
        return [], _matching(connection, cut, wanted, among, word, 0)[1]
    return [row[1:] for row in found], found[0][0] if found else 0


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
