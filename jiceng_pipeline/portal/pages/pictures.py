"""图表 (pictures): who lives here, compared with the township and the county, and the same as one page to print."""

from typing import Any

import duckdb
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from jiceng_pipeline.core.clock import LOCAL, now
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import drawing, figures, paper, place_names
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import opened, settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.returns import account
from jiceng_pipeline.returns.access import authorise, served
from jiceng_pipeline.returns.datasets import Dataset

PICTURES = Dataset("indicator:pictures", "图表", "社区看看自己有多少人、什么人，与街道、区县比一比", ())


@scoped(Scope.PLACE)
@require_GET
def pictures(request: HttpRequest, scope: str) -> HttpResponse:
    """Show the pictures, each with its sentence and its table."""
    said = _drawn(request, scope)
    return render(request, "portal/pictures.html", {**said, "trail": trail(scope)})


@scoped(Scope.PLACE)
@require_GET
def profile(request: HttpRequest, scope: str) -> HttpResponse:
    """Hand out the same as one page to print."""
    with opened() as (version, connection), open_ledger(settings()) as ledger:
        own, *_ = account.accounts(settings(), ledger, connection, version, actor=caller(request).account, scope=scope)
    said = {**_drawn(request, scope), "account": own}
    content = paper.printed(render_to_string("portal/profile.html", said))
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(True, f"{said['place']}_概况.pdf")
    return response


def _drawn(request: HttpRequest, scope: str) -> dict[str, Any]:
    with opened() as (version, connection), open_ledger(settings()) as ledger:
        access = authorise(
            ledger, caller(request).account, PICTURES, scope, action="pictures", version=version.name, channel="page"
        )
        bands, found = figures.pyramid(connection, scope), figures.figures(connection, scope)
        unknown = figures.without_band(connection, scope)
        tags = figures.tags(connection, access.where("r.community_code"))
        counts = _counts(connection, access.where())
        served(ledger, access, 0)
    men, women = sum(band.men for band in bands), sum(band.women for band in bands)
    return {
        "scope": scope,
        "place": place_names.title(scope),
        "as_of": version.manifest.get("inputs", {}).get("business_date", ""),
        "counts": counts,
        "bands": bands,
        "pyramid": drawing.pyramid(bands, f"人口金字塔：男 {men} 人，女 {women} 人"),
        "pyramid_sentence": f"男 {men:,} 人，女 {women:,} 人"
        + (f"，另有 {unknown:,} 人年龄或性别不详，不在图里。" if unknown else "。"),
        "figures": [(each, drawing.bars(each.bars, each.unit, f"{each.title}：{each.sentence}")) for each in found],
        "tags": tags,
        "tags_picture": drawing.bars(tags, "人", "各类人员各有多少"),
        "few_tags": drawing.bars(tags[:8], "人", "人数最多的几类"),
        "watermark": f"{access.actor} · {now().astimezone(LOCAL):%Y-%m-%d %H:%M} · 回执号 {access.receipt}",
    }


def _counts(connection: duckdb.DuckDBPyConnection, where: str) -> list[tuple[str, int]]:
    (row,) = connection.execute(
        f"""select (select count(*) from returned.resident_register where {where}),
            (select count(*) from returned.household_register where {where}),
            (select count(*) from returned.dwelling_register where {where}),
            (select count(*) from returned.enterprise_register where {where})"""
    ).fetchall()
    return list(zip(("人口", "户", "房屋", "市场主体"), row, strict=True))


paths = [path("at/<division:scope>/pictures", pictures), path("at/<division:scope>/profile.pdf", profile)]
