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
        f"""select w.entity_id, w.subject_name, w.harm_code, d.element_id, w.element_title, w.present_system,
            w.other_systems, r.resident_id is not null as is_resident
        from (select row_number() over () as number, * from ({cut.words()})) as w
        join (select row_number() over () as number, * from ({cut.values()})) as d using (number)
        left join returned.resident_register as r on r.resident_id = w.entity_id
        where d.doubt_code = 'conflict' order by number"""
    ).fetchall()
    names = ("entity_id", "name", "harm", "element", "title", "present", "others", "is_resident")
    rows = [dict(zip(names, row, strict=True)) for row in found]
    for row in rows:
        row["kind"] = "resident" if row["is_resident"] else "enterprise"
    left = [row for row in rows if f"{row['kind']}:{row['entity_id']}:{row['element']}" not in answered]
    return left[:SHOWN], len(left)


def _answered(ledger: Ledger, version: Version) -> set[str]:
    """Return the cells somebody has spoken of since that version was made."""
    since = version.manifest["created"]
    return {event.subject for kind in ("intake", "dispute") for event in ledger.events(kind) if event.at > since}


paths = [path("at/<division:scope>/verify", verify)]
