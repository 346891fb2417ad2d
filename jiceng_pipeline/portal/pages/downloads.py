"""下载: every dataset as a file, masked at once; unmasked for a stated purpose and after the second factor."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.portal import columns, place_names
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.pages.registers import found, trail
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.returns import datasets, package

TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}
_FOR_PEOPLE = {"xlsx": "Excel", "csv": "CSV", "zip": "ZIP"}  # the others are for programs
PURPOSES = ("入户走访", "高龄津贴核对", "低保动态核查", "部门报表填报", "应急通知")


class Purpose(forms.Form):
    """What the unmasked file is for: one of the usual purposes, or another in words."""

    usual = forms.ChoiceField(widget=forms.RadioSelect, required=False)
    other = forms.CharField(max_length=60, required=False)

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        usual = self.fields["usual"]
        assert isinstance(usual, forms.ChoiceField)
        usual.choices = [(each, each) for each in PURPOSES]
        usual.label = say("拿去做什么？", "What is it for?")
        usual.help_text = say("会写进文件，也会记入审计。", "It is written into the file and into the audit.")
        self.fields["other"].label = say("别的用途", "Another purpose")

    def clean(self) -> dict[str, Any]:
        """Return the purpose as `purpose`."""
        found = super().clean() or {}
        purpose = found.get("other") or found.get("usual")
        if not purpose:
            self.add_error("usual", say("请选一个用途，或写明别的用途", "Choose a purpose or write one"))
        return {**found, "purpose": purpose}


@scoped(Scope.PLACE)
@require_GET
def downloads(request: HttpRequest, scope: str) -> HttpResponse:
    """List every file there is."""
    said = {
        "scope": scope,
        "place": place_names.title(scope),
        "datasets": columns.in_order(datasets.datasets(settings()).values()),
        "formats": [(kind, title) for kind, title in _FOR_PEOPLE.items() if kind in package.kinds()],
        "may_subscribe": caller(request).may("subscribe"),
        "trail": trail(scope),
    }
    return render(request, "portal/downloads.html", said)


@scoped(Scope.PLACE)
@require_GET
def download(request: HttpRequest, scope: str, name: str, kind: str) -> HttpResponse:
    """Hand out the masked file."""
    found(name)
    return handed_out(caller(request).account, scope, name, kind)


@scoped(Scope.PLACE)
@require_http_methods(["GET", "POST"])
def unmasked(request: HttpRequest, scope: str, name: str) -> HttpResponse:
    """Ask for the second factor and the purpose, then hand out the unmasked workbook."""
    dataset = found(name)
    if first := second_factor.asked(request):
        return first
    form = Purpose(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return handed_out(caller(request).account, scope, name, "xlsx", "full", form.cleaned_data["purpose"])
    said = {
        "form": form,
        "heading": say(f"{dataset.title}（完整信息）", f"{dataset.title}, unmasked"),
        "lead": say(
            "姓名、证号、电话都是完整的。文件上有您的账号和时间。", "Names and numbers in full; your account is on it."
        ),
        "submit": say("下载", "Download"),
        "back": f"/at/{scope}/downloads",
        "trail": [*trail(scope), Link(say("下载", "Download"), f"/at/{scope}/downloads")],
    }
    return render(request, "portal/form.html", said)


def handed_out(
    account: str, scope: str, name: str, kind: str, profile: str = "check", purpose: str | None = None
) -> HttpResponse:
    """Cut the package and return it as an attachment; the file does not outlive the answer."""
    if kind not in package.kinds():
        raise UsageError("没有这种文件", cure=f"可用：{'、'.join(package.kinds())}")
    with TemporaryDirectory(prefix="package-", dir=settings().home / "portal") as folder:
        made = package.cut(
            settings(), actor=account, community=scope, dataset=name, format=kind, profile=profile, purpose=purpose,
            folder=Path(folder), channel="download",
        )  # fmt: skip
        content = made.path.read_bytes()
    response = HttpResponse(content, content_type=TYPES.get(kind, "application/octet-stream"))
    response["Content-Disposition"] = content_disposition_header(True, made.path.name)
    response["X-Receipt"] = made.receipt
    return response


paths = [
    path("at/<division:scope>/downloads", downloads),
    path("at/<division:scope>/download/<name:name>.<name:kind>", download),
    path("at/<division:scope>/unmasked/<name:name>", unmasked),
]
