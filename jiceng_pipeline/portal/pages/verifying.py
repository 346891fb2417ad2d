"""核实: what departments disagree on, the urgent first, each leading to the cell where it can be settled."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.portal import place_names
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import opened, settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.returns import communities, datasets
from jiceng_pipeline.returns.access import authorise, served
from jiceng_pipeline.returns.cut import Cut
from jiceng_pipeline.warehouse.publish import Version

SHOWN = 20


@scoped(Scope.PLACE)
@require_GET
def verify(request: HttpRequest, scope: str) -> HttpResponse:
    """List the next few; what was answered since the last update is left out."""
    dataset = datasets.find(settings(), "to_verify")
    with opened() as (version, connection), open_ledger(settings()) as ledger:
        access = authorise(
            ledger, caller(request).account, dataset, scope, action="list", version=version.name, channel="page"
        )
        cut = Cut(connection, dataset, communities.find(settings(), scope), access, version, {})
        answered = _answered(ledger, version)
        rows, total = _rows(cut, answered)
        served(ledger, access, len(rows), [row["entity_id"] for row in rows])
    said = {"scope": scope, "place": place_names.title(scope), "rows": rows, "total": total, "trail": trail(scope)}
    return render(request, "portal/verify.html", said)


def _rows(cut: Cut, answered: set[str]) -> tuple[list[dict[str, Any]], int]:
    """Return the first rows in the table's order (harm first), and how many there are."""
    found = cut.connection.execute(
        f"""with own as (select resident_id from returned.resident_register where {cut.access.where()}), waiting as (
            select w.rowid as number, case when own.resident_id is null then 'enterprise' else 'resident' end as kind,
                w.entity_id, w.element_id
            from {cut.dataset.table} as w left join own on own.resident_id = w.entity_id
            where {cut.access.where("w.community_code")} and w.doubt_code = 'conflict'
        )
        select number, kind, count(*) over () from waiting
        where concat_ws(':', kind, entity_id, element_id) not in (select unnest(cast($answered as varchar[])))
        order by number limit {SHOWN}""",
        {"answered": sorted(answered)},
    ).fetchall()
    numbers, kinds, total = [row[0] for row in found], [row[1] for row in found], found[0][2] if found else 0
    names = ("entity_id", "subject_name", "harm_code", "element_title", "present_system", "other_systems")
    told = cut.connection.execute(
        f"select {', '.join(names)} from ({cut.words(columns=names, rows=numbers)})"
    ).fetchall()
    elements = cut.connection.execute(cut.values(columns=("element_id",), rows=numbers)).fetchall()
    shown = ("entity_id", "name", "harm", "title", "present", "others")
    return [
        {**dict(zip(shown, row, strict=True)), "kind": kind, "element": element}
        for row, kind, (element,) in zip(told, kinds, elements, strict=True)
    ], total


def _answered(ledger: Ledger, version: Version) -> set[str]:
    """Return the cells somebody has spoken of since that version was made."""
    since = version.manifest["created"]
    return {event.subject for kind in ("intake", "dispute") for event in ledger.events(kind) if event.at > since}


paths = [path("at/<division:scope>/verify", verify)]
