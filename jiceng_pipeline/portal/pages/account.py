"""有去有回账: what a place gave, what came back, what of it was used, beside the averages above and month by month."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import drawing, place_names
from jiceng_pipeline.portal.drawing import Group
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import opened, settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.returns import account, account_compared
from jiceng_pipeline.returns.account import Account
from jiceng_pipeline.returns.account_compared import Compared

# in the order of the way there and back; `unit` is what is counted
FIGURES = (
    ("supplied", "采集上交", "项"), ("asked_again", "部门已有又填", "项"), ("verified", "核实无误", "项"),
    ("disputed", "提出异议", "件"), ("upheld", "异议成立", "件"), ("returned", "回来的数据", "项"),
    ("added", "本次新增", "条"), ("corrected", "本次改正", "项"), ("opened", "下载取用", "份"),
)  # fmt: skip
_CARDS = ("supplied", "asked_again", "verified", "returned", "added", "corrected", "opened")
_DRAWN = ("supplied", "verified", "returned", "corrected", "opened")
_COMMUNITY = 12


@scoped(Scope.PLACE)
@require_GET
def page(request: HttpRequest, scope: str) -> HttpResponse:
    """Show the account of a division."""
    with opened() as (version, connection), open_ledger(settings()) as ledger:
        found = account_compared.compared(
            settings(), ledger, connection, version, actor=caller(request).account, scope=scope
        )
    said = {
        "scope": scope,
        "place": place_names.title(scope),
        "as_of": version.manifest.get("inputs", {}).get("business_date", ""),
        "trail": trail(scope),
        "is_community": len(scope) == _COMMUNITY,
        **told(found, len(scope) == _COMMUNITY),
    }
    return render(request, "portal/account.html", said)


def told(found: Compared, is_community: bool) -> dict[str, Any]:
    """Return the numbers, pictures and sentences of an account."""
    words = {name: (title, unit) for name, title, unit in FIGURES}
    # a division is no community: what is compared of it is its own average, which is among the others
    series = [*(["这里"] if is_community else []), *(f"{each.name}平均" for each in found.averages)]
    compared = {
        name: [*([float(getattr(found.own, name))] if is_community else []),
               *(each.figures[name] for each in found.averages)]
        for name, *_ in FIGURES
    }  # fmt: skip
    groups = [Group(words[name][0], compared[name], words[name][1]) for name in _DRAWN]
    months = [(f"{each.first.month}月", each.corrected, each.added) for each in found.months]
    corrected, added = sum(each.corrected for each in found.months), sum(each.added for each in found.months)
    return {
        "cards": [(*words[name], getattr(found.own, name)) for name in _CARDS],
        "hours": _hours(found.own),
        "minutes": account.minutes(),
        "series": series,
        "compared": [(title, unit, compared[name]) for name, title, unit in FIGURES],
        "compared_picture": drawing.groups(groups, series, "与上级各社区的平均数比"),
        "counted": [(each.name, each.communities) for each in found.averages],
        "months": found.months,
        "months_sentence": f"最近 {len(months)} 个月，改过来 {corrected:,} 项，新补上 {added:,} 项。",
        "months_picture": drawing.columns(
            months, ("改过来的", "新补上的"), f"每月改过来 {corrected} 项、补上 {added} 项"
        ),
        "parts": [(each.code, each.name, [getattr(each, name) for name, *_ in FIGURES]) for each in found.parts],
        "figures": FIGURES,
    }


def _hours(own: Account) -> str:
    minutes = own.minutes_saved
    return f"{minutes} 分钟" if minutes < 90 else f"{minutes / 60:,.1f} 小时"


paths = [path("at/<division:scope>/account", page)]
